"""Pictures as they are printed: what came from the web, judged by its bytes and encoded anew.

Nothing of the original file survives but its pixels: no place it was taken at, no profile, no thumbnail, no bytes
after the picture. The same bytes give the same bytes. Decoders are the part of the desk that strangers aim at, so
callers develop in a child process with limits of memory and time.
"""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.model import Developed

LONG_SIDE = 1600
"""Pixels: 14 cm at 290 dots an inch."""
_SMALL = 80  # pixels; what is narrower or lower is an icon, a rule or a tracker
_PIXELS = 50_000_000  # of the original; a camera's are 12 to 48 million, and 50 million take 150 MB to decode
_QUALITY = 85
_LOSSLESS = frozenset({"PNG", "GIF", "BMP", "TIFF"})
_READ = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
_AS_IT_IS = ("L", "RGB", "RGBA", "CMYK", "YCbCr")
_DEEP = ("I;16", "I;16L", "I;16B", "I")

Undeveloped = str
"""Why nothing can be printed of a picture, in Chinese."""


def develop(data: bytes) -> Developed | Undeveloped:
    """A picture as a JPEG or PNG of at most `LONG_SIDE` pixels, its first frame upright on white.

    Icons and trackers give an empty one, which nobody misses; what is no picture gives the reason.
    """
    if not data:
        return "图片为空"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata, which is not kept; the size is looked at below
            return _developed(data)
    except UnidentifiedImageError:
        return _no_picture(data)
    except Image.DecompressionBombError:
        return "图片像素过多"
    except MemoryError:
        raise  # for the child's limits to judge
    except Exception:
        # decoders of damaged files raise whatever they happen to meet: struct.error, SyntaxError, IndexError …
        return "图片已损坏或不完整"


def _developed(data: bytes) -> Developed | Undeveloped:
    with Image.open(io.BytesIO(data), formats=_READ) as opened:
        width, height = opened.size
        if min(width, height) < _SMALL:
            return Developed()
        if width * height > _PIXELS:
            return "图片像素过多"
        lossless = opened.format in _LOSSLESS
        if opened.mode in _AS_IT_IS:
            # first of all, so that no second picture of 50 million pixels lies in memory; a JPEG is decoded small
            opened.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
        picture = _flat(ImageOps.exif_transpose(opened))
    picture.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
    if min(picture.size) < _SMALL:
        return Developed()  # a rule as wide as a page
    jpeg = _encoded(picture, "JPEG", quality=_QUALITY, optimize=True)
    png = _encoded(picture, "PNG", optimize=True) if lossless else b""
    # charts and screens of text stay sharp and are small as PNG; a photograph saved as one is many times larger
    if png and len(png) <= 2 * len(jpeg):
        return Developed(png, "image/png", *picture.size)
    return Developed(jpeg, "image/jpeg", *picture.size)


def _flat(picture: Image.Image) -> Image.Image:
    """The picture as RGB or grey, whatever it was: what is transparent becomes white."""
    if picture.mode in _DEEP:
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    if "A" in picture.getbands() or "transparency" in picture.info:
        whole = picture.convert("RGBA")
        paper = Image.new("RGBA", whole.size, "white")
        return Image.alpha_composite(paper, whole).convert("RGB")
    flat = picture.convert("L" if picture.mode in ("1", "L") else "RGB")
    flat.info.clear()
    return flat


def _encoded(picture: Image.Image, format: str, **options: object) -> bytes:
    bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())  # pixels and nothing else
    target = io.BytesIO()
    bare.save(target, format, **options)
    return target.getvalue()


def _no_picture(data: bytes) -> Undeveloped:
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        return "不支持的图片格式（SVG）"
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<!--", b"<script", b"<div")):
        return "不是图片，是网页"
    if data[4:8] == b"ftyp":
        return f"不支持的图片格式（{'AVIF' if data[8:12] in (b'avif', b'avis') else 'HEIC'}）"
    if head.startswith(b"%pdf"):
        return "不支持的图片格式（PDF）"
    return "不是图片，或图片已损坏"
