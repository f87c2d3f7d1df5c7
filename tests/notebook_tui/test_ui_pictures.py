"""Pictures: the pixels that each way of showing them shows, and what is said where there are none."""

from __future__ import annotations

import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rich.cells import cell_len
from textual.geometry import Region
from textual.strip import Strip

from notebook_tui.document.outputs import Result
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.outputs.display_rows import display_rows
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.view_rows import view_rows
from notebook_tui.ui.pictures.decoding import NoPicture, decoded
from notebook_tui.ui.pictures.draw import drawing_of
from notebook_tui.ui.pictures.drawing import Drawing
from notebook_tui.ui.pictures.fitting import columns_and_rows
from notebook_tui.ui.pictures.gallery import Gallery, Pictures
from notebook_tui.ui.pictures.graphics import Answers, Graphics, Protocol, graphics_for
from notebook_tui.ui.pictures.header import size_of
from notebook_tui.ui.pictures.kitty import MOST_CELLS, placeholder_rows
from notebook_tui.ui.pictures.overlay import Overlay, Placed, placed_in
from notebook_tui.ui.pictures.sixel import sixels
from notebook_tui.widgets.image import image
from notebook_tui.widgets.views import Display, Frame, Grid
from tests.support.fake_session import code
from tests.support.pictures import block_pixels, iterm2_picture, kitty_pictures, png, saved, sixel_picture
from tests.support.screen import Terminal, in_terminal

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
FLAG = png("rg", "b.", scale=64)


def drawn(
    protocol: Protocol, data: bytes, columns: int = 4, rows: int = 2, colors: str | None = "truecolor"
) -> Drawing:
    return drawing_of(data, columns, rows, Graphics(protocol, colors=colors), 77)


def rows_of(display: Display, graphics: Graphics, width: int = 80, height: int = 12) -> list[str]:
    gallery = Gallery()
    gallery.use(graphics)
    looks = Looks(pictures=Pictures(0, gallery))
    display_rows(display, width, height, Palette(), looks)
    gallery.wait(40)
    shown = [row.text.plain for row in display_rows(display, width, height, Palette(), looks)]
    gallery.close()
    return shown


def test_half_blocks_show_the_pixels_and_leave_out_what_is_transparent() -> None:
    pixels = block_pixels(list(drawn("blocks", FLAG).rows))
    assert [len(row) for row in pixels] == [4] * 4
    assert pixels[0][0] == RED
    assert pixels[0][3] == GREEN
    assert pixels[3][0] == BLUE
    assert pixels[3][3] is None


@pytest.mark.parametrize(("colors", "least"), [("256", 16), ("standard", 0)])
def test_half_blocks_use_only_the_colours_that_a_terminal_has(colors: str, least: int) -> None:
    photograph = saved(Image.effect_mandelbrot((64, 64), (-2, -1.2, 0.8, 1.2), 50))
    numbers = {
        color.number
        for row in drawn("blocks", photograph, 32, 16, colors).rows
        for span in row.spans
        for color in (span.style.color, span.style.bgcolor)
        if color is not None
    }
    assert numbers
    assert all(number is not None and least <= number < (256 if least else 16) for number in numbers)


def test_kitty_is_sent_the_picture_once_and_its_cells_name_it() -> None:
    drawing = drawn("kitty", FLAG)
    (number,) = kitty_pictures(drawing.sent_before)
    picture = kitty_pictures(drawing.sent_before)[number]
    assert picture.size == (32, 32)
    assert picture.getpixel((2, 2)) == (*RED, 255)
    assert picture.getpixel((29, 29)) == (0, 0, 0, 0)
    inks = {span.style.color.get_truecolor() for row in drawing.rows for span in row.spans}
    assert inks == {(number >> 16, number >> 8 & 255, number & 255)}
    assert kitty_pictures(drawing.sent_before + drawing.forgotten_by) == {}


def test_a_large_picture_goes_to_kitty_in_pieces_that_it_takes() -> None:
    drawing = drawn("kitty", saved(Image.effect_noise((640, 480), 80)), 60, 20)
    pieces = drawing.sent_before.split("\x1b\\")
    assert len(pieces) > 3
    assert max(map(len, pieces)) < 4_096 + 100
    assert len(kitty_pictures(drawing.sent_before)) == 1


def test_through_tmux_every_escape_is_doubled() -> None:
    drawing = drawing_of(FLAG, 4, 2, Graphics("kitty", tmux=True), 77)
    assert drawing.sent_before.startswith("\x1bPtmux;\x1b\x1b_G")
    assert drawing.sent_before.endswith("\x1b\x1b\\\x1b\\")


@given(st.integers(1, MOST_CELLS), st.data())
@settings(max_examples=60, deadline=None)
def test_each_cell_of_a_placeholder_is_one_cell_however_it_is_cut(columns: int, data: st.DataObject) -> None:
    (row,) = placeholder_rows(3, columns, 1, "truecolor")
    assert cell_len(row.plain) == columns
    start = data.draw(st.integers(0, columns - 1))
    end = data.draw(st.integers(start + 1, columns))
    piece = strip_of(row).crop(start, end)
    assert piece.text == row.plain[3 * start : 3 * end]


@given(st.integers(1, 20), st.integers(1, 20), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_sixels_paint_the_pixels(width: int, height: int, random: object) -> None:
    inks = [RED, GREEN, BLUE, (0, 0, 0), (255, 255, 255)]
    picture = Image.new("RGBA", (width, height))
    for x in range(width):
        for y in range(height):
            ink = random.choice([*inks, None])  # type: ignore[attr-defined]
            picture.putpixel((x, y), (0, 0, 0, 0) if ink is None else (*ink, 255))
    shown = sixel_picture(sixels(picture))
    assert shown.size == picture.size
    assert shown.tobytes() == picture.tobytes()


@pytest.mark.parametrize("protocol", ["sixel", "iterm2"])
def test_what_is_painted_over_text_has_half_blocks_beneath(protocol: Protocol) -> None:
    drawing = drawn(protocol, FLAG)
    picture = (sixel_picture if protocol == "sixel" else iterm2_picture)(drawing.painted_over)
    assert picture.size == (32, 32)
    assert picture.getpixel((2, 2)) == (*RED, 255)
    assert block_pixels(list(drawing.rows))[0][3] == GREEN


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_the_size_is_read_from_the_first_bytes(kind: str) -> None:
    data = saved(Image.new("RGB", (123, 45), "red"), kind)
    assert size_of(data) == (123, 45)
    assert decoded(data, 10, 10).getpixel((5, 5))[0] > 240


@given(
    st.binary(max_size=60),
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"RIFF0000WEBPVP8X", b""]),
)
def test_no_bytes_break_the_reading_of_a_size(tail: bytes, head: bytes) -> None:
    size = size_of(head + tail)
    assert size is None or min(size) > 0


@pytest.mark.parametrize(
    "data",
    [
        f'<svg width="{"9" * 400}" height="1">',
        f'<svg viewBox="0 0 {"9" * 400} 1">',
        '<svg width="1.2.3">',
        b"\xff\xd8" + b"\xff\xe0\0\2" * 3_000,
        b"\xff\xd8" + b"\xff" * 3_000,
    ],
)
def test_a_size_that_nothing_has_is_none(data: bytes | str) -> None:
    assert size_of(data) is None


def test_a_photograph_may_have_many_segments_and_filling_before_its_size() -> None:
    photo = saved(Image.new("RGB", (123, 45), "red"), "JPEG")
    assert size_of(photo[:2] + b"\xff\xe1\0\2" * 100 + b"\xff" * 50 + photo[2:]) == (123, 45)


@given(st.binary(max_size=300), st.integers(0, 400))
@settings(max_examples=80, deadline=None)
def test_a_picture_with_broken_bytes_is_shown_or_says_why_not(noise: bytes, at: int) -> None:
    whole = saved(Image.effect_noise((20, 20), 50))
    broken = whole[:at] + noise + whole[at + len(noise) :]
    with suppress(NoPicture):
        assert decoded(broken, 5, 5).size == (5, 5)


def test_a_file_that_unpacks_to_far_more_is_never_opened() -> None:
    header = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    bomb = b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + zlib.crc32(header).to_bytes(4, "big")
    (row,) = rows_of(Display((("image/png", bomb),)), Graphics("blocks"))
    assert row == "picture, not shown: 60,000 × 60,000 pixels are more than are unpacked here"


def test_of_a_picture_that_is_none_the_row_says_so() -> None:
    (row,) = rows_of(Display((("image/png", b"no picture at all"),)), Graphics("blocks"))
    assert row.startswith("picture, not shown: no picture that is known here")
    rows = rows_of(Display((("image/png", FLAG[:80]),)), Graphics("blocks"))
    assert rows[0].startswith("picture, not shown: its data is broken")


def test_while_it_is_drawn_its_rows_are_there_already() -> None:
    gallery = Gallery()
    gallery.use(Graphics("blocks"))
    looks = Looks(pictures=Pictures(0, gallery))
    before = display_rows(Display((("image/png", FLAG),)), 60, 12, Palette(), looks)
    assert before[0].text.plain == "picture 128 × 128 …"
    gallery.wait(40)
    after = display_rows(Display((("image/png", FLAG),)), 60, 12, Palette(), looks)
    assert len(before) == len(after) == 8
    assert "▀" in after[0].text.plain
    gallery.close()


def test_a_drawing_is_made_once_and_thrown_away_when_many_came_after_it() -> None:
    gallery = Gallery()
    gallery.use(Graphics("kitty"))
    pictures = Pictures(0, gallery)
    said = ""
    for grey in range(80):
        data = saved(Image.new("L", (8, 8), grey))
        for _ in range(3):
            pictures.rows(data, "picture", 10, 4, Palette())
        gallery.wait(40)
        said += gallery.take_messages()
    assert said.count("a=T") == 80
    assert len(kitty_pictures(said)) == 64
    assert kitty_pictures(said + gallery.close()) == {}


def test_where_pictures_follow_each_other_the_last_stays_until_the_next_is_drawn() -> None:
    gallery = Gallery()
    gallery.use(Graphics("blocks"))
    pictures = Pictures(0, gallery)

    def shown(data: bytes, place: str) -> list[str]:
        return [row.plain for row in pictures.rows(data, "picture", 20, 8, Palette(), place=place)]

    first, second = png("r", scale=128), png("g", scale=128)
    shown(first, "frame")
    gallery.wait(40)
    before = shown(first, "frame")
    assert shown(second, "frame") == before
    assert shown(second, "another frame")[0].startswith("picture 128")
    gallery.wait(40)
    assert block_pixels(pictures.rows(second, "picture", 20, 8, Palette(), place="frame"))[0][0] == GREEN
    gallery.close()


def test_of_pictures_that_come_too_fast_only_the_newest_wait() -> None:
    gallery = Gallery()
    gallery.use(Graphics("sixel"))
    for grey in range(100):
        gallery.drawing(saved(Image.new("L", (400, 400), grey)), 40, 20)
    assert sum(not job.done() for job in gallery._jobs.values()) <= 17
    gallery.close()


def test_without_colour_a_caption_says_what_there_is() -> None:
    (row,) = rows_of(image(FLAG, alt="a flag"), Graphics("off"))
    assert row.startswith("a flag, 128 × 128")
    assert "o opens" in row


def test_a_drawing_in_svg_is_painted() -> None:
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="32">'
    svg = head + '<rect width="80" height="32" fill="#0f0"/></svg>'
    gallery = Gallery()
    gallery.use(Graphics("blocks"))
    pictures = Pictures(0, gallery)
    pictures.rows(svg, "drawing", 40, 10, Palette())
    gallery.wait(40)
    rows = pictures.rows(svg, "drawing", 40, 10, Palette())
    assert block_pixels(rows) == [[GREEN] * 10] * 4
    gallery.close()


@pytest.mark.parametrize(
    ("answers", "environ", "protocol"),
    [
        (Answers(kitty=True, version="kitty(0.40.0)"), {}, "kitty"),
        (Answers(kitty=True, version="ghostty 1.2"), {}, "kitty"),
        (Answers(kitty=True, version="tmux 3.4"), {"TMUX": "x"}, "kitty"),
        (Answers(kitty=True, sixel=True, version="WezTerm 2025"), {}, "iterm2"),
        (Answers(kitty=True, sixel=True, version="Konsole 25"), {}, "sixel"),
        (Answers(), {"TERM_PROGRAM": "iTerm.app"}, "iterm2"),
        (Answers(), {"TERM_PROGRAM": "iTerm.app", "TMUX": "x"}, "blocks"),
        (Answers(sixel=True, version="foot(1.20)"), {}, "sixel"),
        (Answers(version="XTerm(390)"), {}, "blocks"),
        (Answers(sixel=True), {"NO_COLOR": "1"}, "off"),
        (Answers(sixel=True), {"NO_COLOR": "1", "BEAMLIKE_IMAGES": "sixel"}, "sixel"),
        (Answers(kitty=True, version="kitty"), {"BEAMLIKE_IMAGES": "blocks"}, "blocks"),
        (Answers(), {"BEAMLIKE_IMAGES": "nonsense"}, "blocks"),
    ],
)
def test_the_way_is_chosen_by_what_the_terminal_answers(
    answers: Answers, environ: dict[str, str], protocol: str
) -> None:
    assert graphics_for(answers, environ).protocol == protocol


@given(st.integers(1, 5_000), st.integers(1, 5_000), st.integers(1, 200), st.integers(1, 60))
def test_a_picture_fits_and_keeps_its_proportion(width: int, height: int, columns: int, rows: int) -> None:
    wide, high = columns_and_rows((width, height), (8, 16), columns, rows)
    assert 1 <= wide <= columns
    assert 1 <= high <= rows
    if wide > 4 and high > 4:
        assert 0.7 < (wide * 8 / (high * 16)) / (width / height) < 1.4


def strips(drawing: Drawing) -> list[Strip]:
    return [Strip([*strip_of(row)]) for row in drawing.rows]


def test_a_picture_is_painted_over_only_where_all_its_rows_are_seen() -> None:
    rows = strips(drawn("sixel", FLAG, 4, 2))
    blank = Strip([])
    (placed,) = placed_in([blank, *rows, blank])
    assert placed.region == Region(0, 1, 4, 2)
    assert list(placed_in([blank, rows[0]])) == []
    assert list(placed_in([rows[1], blank])) == []
    assert [each.region.y for each in placed_in([*rows, *rows])] == [0, 2]


def test_a_picture_is_painted_again_exactly_where_text_was_painted_over_it() -> None:
    overlay = Overlay()
    here, there = Placed(1, Region(2, 3, 4, 2)), Placed(1, Region(2, 5, 4, 2))

    def paint(placed: Placed, touched: bool = False, covered: bool = False) -> bool:
        return bool(overlay.to_paint([placed], lambda _: touched, lambda _: covered))

    assert paint(here)
    assert not paint(here)
    assert paint(here, touched=True)
    assert paint(there)
    assert not paint(there, touched=True, covered=True)
    assert paint(there)
    overlay.forget()
    assert paint(there)


@in_terminal(code("a", "x", Result("1"), image(png("r", scale=128))))
async def test_a_picture_stands_among_the_outputs_of_its_cell(shown: Terminal) -> None:
    await shown.until(lambda: "▀▀▀▀" in shown.text)
    assert "= ▀" in next(line for line in shown.lines if "▀▀▀▀" in line)


@in_terminal(code("a", "x", image(png("r", scale=128))))
async def test_other_graphics_draw_it_anew(shown: Terminal) -> None:
    await shown.until(lambda: "▀▀▀▀" in shown.text)
    shown.app.gallery.use(Graphics("kitty"))
    shown.app._show_pictures()
    await shown.until(lambda: "\U0010eeee" in shown.text)
    assert "▀▀▀▀" not in shown.text


def test_each_cell_of_kitty_says_its_row_and_its_column() -> None:
    first, second, third = "\u0305", "\u030d", "\u030e"
    rows = [row.plain for row in placeholder_rows(3, 3, 2, "truecolor")]
    cell = "\U0010eeee"
    assert rows[0] == cell + first + first + cell + first + second + cell + first + third
    assert rows[1] == cell + second + first + cell + second + second + cell + second + third


def test_pictures_side_by_side_are_each_painted_over() -> None:
    gallery = Gallery()
    gallery.use(Graphics("sixel"))
    looks = Looks(pictures=Pictures(0, gallery))
    grid = Grid("g", (image(png("r", scale=80)), Frame("f", (image(png("g", scale=80)),))), 2)
    view_rows(grid, 60, Palette(), looks)
    gallery.wait(40)
    rows = [strip_of(row.text) for row in view_rows(grid, 60, Palette(), looks)]
    assert [placed.region for placed in placed_in(rows)] == [Region(0, 0, 10, 5), Region(31, 0, 10, 5)]
    paintings = [gallery.painting(placed.number) for placed in placed_in(rows)]
    assert [sixel_picture(painting).getpixel((1, 1))[:3] for painting in paintings] == [RED, GREEN]
    gallery.close()


@in_terminal(code("a", "x", Frame("f", (image(png("r", scale=128), alt="a dot"),))))
async def test_the_user_chooses_how_pictures_are_shown(shown: Terminal) -> None:
    await shown.until(lambda: "▀▀▀▀" in shown.text)
    shown.app.show_pictures_as("off")
    await shown.shows("a dot, 128 × 128")
    assert "▀▀▀▀" not in shown.text
    shown.app.show_pictures_as("auto")
    await shown.until(lambda: "▀▀▀▀" in shown.text)
