"""What a notebook looks like as a page, in the light and in the dark, on paper too."""

from __future__ import annotations

from pygments.formatters import HtmlFormatter

_PAGE = """\
:root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --faint: #656d76; --bad: #b42318; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 56rem; margin: 0 auto; padding: 2rem 1.25rem 6rem; }
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
a { color: #0969da; }
img, video { max-width: 100%; }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--line); padding: .2rem .6rem; }
.output :is(th, td):not([align]) { text-align: right; }
blockquote { margin: 0; padding-left: 1rem; border-left: 3px solid var(--line); color: var(--faint); }
code, pre { font: .875rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { overflow-x: auto; padding: .75rem 1rem; background: var(--soft); border-radius: 6px; }
pre.output { background: none; border-left: 3px solid var(--line); border-radius: 0; padding: .25rem 1rem; }
pre.printed { color: var(--faint); }
pre.error { border-color: var(--bad); color: var(--bad); }
div.output { overflow-x: auto; margin: 1rem 0; }
.note { margin-bottom: -.75rem; font-size: .8rem; color: var(--faint); }
.bold { font-weight: bold; } .faint { opacity: .6; } .italic { font-style: italic; }
.underlined { text-decoration: underline; } .struck { text-decoration: line-through; }
"""
_DARK = """\
:root { --line: #3d444d; --soft: #161b22; --faint: #9198a1; --bad: #ff7b72; }
body { background: #0d1117; color: #e6edf3; }
a { color: #4493f8; }
"""
_COLOURS = (
    *("#24292f", "#cf222e", "#116329", "#7d4e00", "#0969da", "#8250df", "#1b7c83", "#6e7781"),
    *("#57606a", "#a40e26", "#1a7f37", "#633c01", "#218bff", "#a475f9", "#3192aa", "#8c959f"),
)


def _style() -> str:
    colours = "".join(
        f".fg{number} {{ color: {colour}; }} .bg{number} {{ background: {colour}; }}\n"
        for number, colour in enumerate(_COLOURS)
    )
    return (
        f"{_PAGE}{colours}{_code('default')}@media (prefers-color-scheme: dark) {{\n{_DARK}{_code('github-dark')}}}\n"
    )


def _code(style: str) -> str:
    rules = HtmlFormatter(style=style).get_style_defs("pre.code").split("\n")
    return "".join(f"{rule}\n" for rule in rules if rule.startswith("pre.code ."))


STYLE = _style()
