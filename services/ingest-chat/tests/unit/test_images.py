"""Images lose what they tell about their maker, and stay the same picture."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest_chat.domain.image import NotAnImage, media_type, without_metadata
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

SECRET = b"48.8566 N 2.3522 E"


def a_picture(form: str, **more: Any) -> bytes:
    picture = Image.linear_gradient("L").resize((24, 16)).convert("RGB")
    out = io.BytesIO()
    picture.save(out, form, **more)
    return out.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = SECRET.decode()
    return exif


def same(one: bytes, other: bytes) -> bool:
    pictures = [Image.open(io.BytesIO(content)).convert("RGB") for content in (one, other)]
    return ImageChops.difference(*pictures).getbbox() is None


def noted() -> PngInfo:
    info = PngInfo()
    info.add_text("Comment", SECRET.decode())
    return info


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (a_picture("JPEG", exif=exif(), comment=SECRET), "image/jpeg"),
        (a_picture("PNG", pnginfo=noted(), exif=exif()), "image/png"),
        (a_picture("WEBP", exif=exif(), xmp=SECRET), "image/webp"),
        (a_picture("WEBP", lossless=True), "image/webp"),
        (a_picture("GIF"), "image/gif"),
        (a_picture("JPEG", progressive=True, quality=60), "image/jpeg"),
    ],
)
def test_the_picture_stays_and_its_story_goes(content: bytes, kind: str) -> None:
    stripped, found = without_metadata(content)
    assert found == kind
    assert SECRET not in stripped
    assert same(content, stripped)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_still_stands_upright(orientation: int) -> None:
    stripped, _ = without_metadata(a_picture("JPEG", exif=exif(orientation)))
    assert Image.open(io.BytesIO(stripped)).getexif().get(0x0112, 1) == orientation
    assert SECRET not in stripped


def test_what_follows_a_jpeg_is_cut_off() -> None:
    picture = a_picture("JPEG")
    assert without_metadata(picture + SECRET)[0] == without_metadata(picture)[0]


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b"\xff\xd8\xff", b"%PDF-1.7", b"RIFF0000WEB"],
)
def test_what_is_no_image_is_refused(content: bytes) -> None:
    with pytest.raises(NotAnImage):
        without_metadata(content)


@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]), st.data())
def test_a_broken_image_is_refused_or_passed_and_never_more(form: str, data: st.DataObject) -> None:
    content = bytearray(a_picture(form, **({} if form == "GIF" else {"exif": exif(6)})))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    try:
        stripped, _ = without_metadata(bytes(content))
    except NotAnImage:
        return
    assert media_type(stripped)
