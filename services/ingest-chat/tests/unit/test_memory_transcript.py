"""The fake keeps what the contract says."""

import pytest

from ..memory_transcript import MemoryTranscript
from ..transcript_contract import TranscriptContract


class TestMemoryTranscript(TranscriptContract):
    @pytest.fixture
    def transcript(self) -> MemoryTranscript:
        return MemoryTranscript()
