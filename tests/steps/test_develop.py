"""Pictures judged by their bytes: what is printed of each, and why nothing is."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from pipeline.model import Developed
from pipeline.steps.develop import LONG_SIDE, develop
from spent import computing


def photograph(width: int = 640, height: int = 420) -> Image.Image:
    """A picture with many colours, as a camera makes them."""
    return Image.effect_noise((width, height), 60).convert("RGB")


def chart() -> Image.Image:
    picture = Image.new("RGB", (700, 400), "white")
    draw = ImageDraw.Draw(picture)
    for step in range(6):
        draw.rectangle((40 + step * 100, 380 - step * 50, 110 + step * 100, 380), fill="navy")
    return picture


def encoded(picture: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def opened(made: object) -> Image.Image:
    assert isinstance(made, Developed), made
    picture = Image.open(io.BytesIO(made.data))
    assert picture.size == (made.width, made.height)
    assert made.media_type == {"JPEG": "image/jpeg", "PNG": "image/png"}[str(picture.format)]
    return picture


def png_of(width: int, height: int, *chunks: tuple[bytes, bytes], rows: int = 1) -> bytes:
    """A PNG that says how large it is, and holds next to nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + b"\x80" * width for _ in range(rows)))
    parts = (chunk(b"IHDR", head), *(chunk(*one) for one in chunks), chunk(b"IDAT", body), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def gif_of(side: int) -> bytes:
    """A GIF with one frame of 65535 by 65535 on a screen of `side` by `side`."""
    screen = b"GIF89a" + struct.pack("<HHBBB", side, side, 0xF7, 0, 0) + bytes(768)
    return screen + b"," + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x08\x02\0\x01\x01\0;"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_every_common_kind_of_picture_is_printed_as_jpeg_or_png(format):
    assert opened(develop(encoded(photograph(), format))).size == (640, 420)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "I;16"])
def test_every_colour_space_becomes_one_that_word_opens(mode):
    grey = photograph().convert("L")
    picture = photograph().convert(mode) if mode in ("CMYK", "YCbCr", "P", "RGBA") else grey.convert(mode)
    data = encoded(picture, "JPEG" if mode in ("CMYK", "YCbCr") else "PNG")
    assert opened(develop(data)).mode in ("L", "RGB")


def test_the_same_bytes_give_the_same_bytes():
    data = encoded(photograph(), "WEBP")
    assert develop(data) == develop(data)


def test_a_photograph_becomes_a_jpeg_and_a_chart_stays_sharp():
    assert opened(develop(encoded(photograph(), "PNG"))).format == "JPEG"
    assert opened(develop(encoded(chart(), "PNG"))).format == "PNG"


def test_a_picture_is_not_larger_than_print_needs():
    assert opened(develop(encoded(photograph(4000, 3000), "JPEG"))).size == (LONG_SIDE, 1200)


def test_neither_the_place_it_was_taken_at_nor_anything_else_of_the_file_stays():
    exif = Image.Exif()
    exif[0x010F] = "Kamera"
    exif.get_ifd(0x8825)[2] = (39.0, 54.0, 26.0)
    data = encoded(photograph(), "JPEG", exif=exif, comment=b"geheim", icc_profile=b"x" * 300)
    made = develop(data + b"<script>alert(1)</script>")
    picture = opened(made)
    assert not picture.getexif()
    assert not {"exif", "icc_profile", "comment"} & set(picture.info)
    assert b"Kamera" not in made.data
    assert b"script" not in made.data


def test_a_picture_taken_sideways_is_printed_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(develop(encoded(photograph(640, 420), "JPEG", exif=exif))).size == (420, 640)


def test_what_is_transparent_is_printed_on_white():
    clear = Image.new("RGBA", (300, 200), (255, 0, 0, 0))
    assert opened(develop(encoded(clear, "PNG"))).convert("RGB").getpixel((10, 10)) == (255, 255, 255)


def test_of_an_animation_the_first_frame_is_printed():
    red, blue = (Image.new("RGB", (200, 200), colour) for colour in ("red", "blue"))
    made = opened(develop(encoded(red, "GIF", save_all=True, append_images=[blue]))).convert("RGB")
    assert made.getpixel((10, 10))[0] > 200


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (79, 200), (600, 3)])
def test_icons_trackers_and_rules_are_left_out_and_not_missed(size):
    assert develop(encoded(Image.new("RGB", size), "PNG")) == Developed()


@pytest.mark.parametrize("name", [b"pHYs"])
@pytest.mark.parametrize(("x", "y"), [(0, 0), (0, 1), (1, 0), (2**32 - 1, 2**32 - 1)])
def test_a_resolution_that_cannot_be_meant_does_no_harm(name, x, y):
    data = png_of(200, 100, (name, struct.pack(">IIB", x, y, 1)), rows=100)
    assert opened(develop(data)).size == (200, 100)


def test_a_tiff_without_a_resolution_and_a_jpeg_without_one_are_printed():
    assert opened(develop(encoded(photograph(), "TIFF"))).size == (640, 420)
    assert opened(develop(encoded(photograph(), "JPEG", dpi=(0, 0)))).size == (640, 420)


REFUSED = {
    "empty": (b"", "图片为空"),
    "a page named .png": (b"<!DOCTYPE html><html><title>404</title></html>", "不是图片，是网页"),
    "SVG with a script": (b'<?xml version="1.0"?><svg xmlns="http://w3.org/svg"><script>x</script></svg>', "SVG"),
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0" + bytes(200), "HEIC"),
    "AVIF": (b"\0\0\0\x1cftypavif\0\0\0\0" + bytes(200), "AVIF"),
    "PDF": (b"%PDF-1.4\n", "PDF"),
    "noise": (bytes(range(256)) * 8, "图片已损坏"),
    "a truncated JPEG": (encoded(photograph(), "JPEG")[:9000], "图片已损坏或不完整"),
    "a truncated PNG": (encoded(photograph(), "PNG")[:9000], "图片已损坏或不完整"),
    "a PNG of 60000 by 60000": (png_of(60_000, 60_000), "图片像素过多"),
    "a GIF of 65535 by 65535": (gif_of(65_535), "图片像素过多"),
    "a small GIF with a giant frame": (gif_of(200), "图片像素过多"),
    "a BMP that claims to be giant": (
        b"BM" + struct.pack("<IHHI", 100, 0, 0, 54) + struct.pack("<IiiHH24x", 40, 90_000, 90_000, 1, 24),
        "图片像素过多",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_printed_has_a_reason_in_chinese_at_once(name):
    data, reason = REFUSED[name]
    with computing(2):
        made = develop(data)
    assert isinstance(made, str)
    assert reason in made


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_to_a_file_is_an_error(data):
    whole = bytearray(encoded(chart(), data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"]))))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, min(len(whole) - 1, 400)))] = data.draw(st.integers(0, 255))
    assert isinstance(develop(bytes(whole)), Developed | str)
