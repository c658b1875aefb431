"""`omnifil export`: what other tools are given to judge the grouping by."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

Omnifil = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.e2e


def exported(omnifil: Omnifil, *options: str) -> list[dict[str, Any]]:
    ran = omnifil("export", "--json", *options)
    assert ran.returncode == 0, ran.stderr
    return list(json.loads(ran.stdout)["dossiers"])


def test_the_story_is_exported_as_it_was_grouped(omnifil: Omnifil) -> None:
    played = omnifil("demo", "--once", "--json")
    assert played.returncode == 0, played.stdout + played.stderr
    dossiers = exported(omnifil)
    everything = Counter(message["message_id"] for dossier in dossiers for message in dossier["messages"])
    assert set(everything.values()) == {1}

    def channels(dossier: dict[str, Any]) -> list[str]:
        return sorted(each["channel"] for each in dossier["conversations"])

    def last_said(dossier: dict[str, Any]) -> str:
        return max(str(message["at"]) for message in dossier["messages"])

    told = [each for each in dossiers if any("My order 4711" in message["text"] for message in each["messages"])]
    # Others have told the story here as well: the last one is ours.
    hers = max((each for each in told if channels(each) == ["chat", "email", "social"]), key=last_said)
    said = {message["channel"]: message for message in hers["messages"]}
    assert "My order 4711" in said["email"]["text"]
    assert (said["email"]["sender"]["kind"], said["email"]["sender"]["assurance"]) == ("email", "verified")
    assert {message["customer_id"] for message in hers["messages"] if message["channel"] != "social"} == {
        hers["customer_id"]
    }
    keys = {(each["conversation_id"], each["key"]) for each in hers["conversations"]}
    assert {(each["conversation_id"], each["conversation_key"]) for each in hers["messages"]} <= keys
    assert said["social"]["because"]["rule"] in ("identity", "agent")
    assert all(each["because"]["evidence"] for each in [*hers["conversations"], *hers["messages"]])

    [strangers] = [
        each
        for each in dossiers
        if any("new address" in message["text"] for message in each["messages"]) and each["merged_into"] is None
    ][-1:]
    assert strangers["dossier_id"] != hers["dossier_id"]
    own = exported(omnifil, "--customer", hers["customer_id"])
    assert [each for each in own if each["dossier_id"] == hers["dossier_id"]] == [hers]
    assert {each["customer_id"] for each in own} == {hers["customer_id"]}

    shown = omnifil("export", "--customer", hers["customer_id"])
    assert hers["number"] in shown.stdout
    assert "because" in shown.stdout


def test_a_customer_without_dossiers_is_said_to_have_none(omnifil: Omnifil) -> None:
    ran = omnifil("export", "--json", "--customer", "nobody")
    assert (ran.returncode, json.loads(ran.stdout)) == (1, {"dossiers": []})
    assert ran.stderr == "The customer nobody has no dossier.\n"
