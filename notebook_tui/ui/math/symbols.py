"""What LaTeX's words stand for in Unicode."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

_GREEK: Final = (
    "alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ "
    "lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi "
    "ϕ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ "
    "Psi Ψ Omega Ω"
)
_PLAIN: Final = (
    "infty ∞ partial ∂ nabla ∇ hbar ℏ ell ℓ Re ℜ Im ℑ aleph ℵ emptyset ∅ varnothing ∅ forall ∀ exists ∃ "
    "nexists ∄ neg ¬ lnot ¬ top ⊤ bot ⊥ angle ∠ triangle △ square □ Box □ diamond ◇ star ⋆ prime ′ dots … "
    "ldots … cdots ⋯ vdots ⋮ ddots ⋱ dagger † ddagger ‡ degree ° imath ı jmath ȷ wp ℘ backslash \\ lbrace "
    "{ rbrace } checkmark ✓ therefore ∴ because ∵ clubsuit ♣ diamondsuit ♢ heartsuit ♡ spadesuit ♠ flat ♭ "
    "natural ♮ sharp ♯ S § P ¶ copyright ©"
)
_BINARY: Final = (
    "times × cdot · div ÷ pm ± mp ∓ ast ∗ circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙ wedge ∧ land ∧ "
    "vee ∨ lor ∨ cap ∩ cup ∪ sqcap ⊓ sqcup ⊔ setminus ∖ uplus ⊎ bmod mod amalg ⨿"
)
_RELATIONS: Final = (
    "leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ approx ≈ equiv ≡ sim ∼ simeq ≃ cong ≅ propto ∝ ll ≪ gg ≫ in ∈ ni ∋ "
    "notin ∉ subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ sqsubseteq ⊑ perp ⊥ parallel ∥ mid ∣ nmid ∤ models ⊨ "
    "vdash ⊢ dashv ⊣ prec ≺ succ ≻ preceq ⪯ succeq ⪰ asymp ≍ doteq ≐ triangleq ≜ coloneqq ≔ to → "
    "rightarrow → leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ implies ⟹ "
    "impliedby ⟸ iff ⟺ mapsto ↦ longmapsto ⟼ longrightarrow ⟶ longleftarrow ⟵ hookrightarrow ↪ uparrow ↑ "
    "downarrow ↓ updownarrow ↕ nearrow ↗ searrow ↘ rightharpoonup ⇀ leadsto ⇝ lesssim ≲ gtrsim ≳ leqslant "
    "⩽ geqslant ⩾"
)
_LIMITS: Final = (
    "sum ∑ prod ∏ coprod ∐ bigcap ⋂ bigcup ⋃ bigoplus ⨁ bigotimes ⨂ bigvee ⋁ bigwedge ⋀ lim lim limsup lim·sup "
    "liminf lim·inf max max min min sup sup inf inf argmax arg·max argmin arg·min"
)
_INTEGRALS: Final = "int ∫ iint ∬ iiint ∭ oint ∮"
_FENCES: Final = (
    "langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lvert | rvert | vert | lVert ‖ rVert ‖ Vert ‖ "
    "lbrack [ rbrack ]"
)
_ACCENTS: Final = (
    "hat 302 widehat 302 bar 304 overline 305 vec 20d7 dot 307 ddot 308 tilde 303 widetilde 303 acute 301 grave 300 "
    "check 30c breve 306 underline 332 mathring 30a"
)


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _pairs(words: str) -> dict[str, str]:
    parts = words.split()
    return {
        name: sign.replace("·", " ") if len(sign) > 1 else sign
        for name, sign in zip(parts[::2], parts[1::2], strict=True)
    }


LETTERS: Final[Mapping[str, str]] = _pairs(_GREEK) | _pairs(_PLAIN)
BINARY: Final[Mapping[str, str]] = _pairs(_BINARY)
RELATIONS: Final[Mapping[str, str]] = _pairs(_RELATIONS)
LIMITS: Final[Mapping[str, str]] = _pairs(_LIMITS)
INTEGRALS: Final[Mapping[str, str]] = _pairs(_INTEGRALS)
FENCES: Final[Mapping[str, str]] = _pairs(_FENCES) | {"|": "‖", "{": "{", "}": "}"}
ACCENTS: Final[Mapping[str, str]] = {name: chr(int(code, 16)) for name, code in _pairs(_ACCENTS).items()}
FUNCTIONS: Final = _words(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth log ln lg exp det dim ker deg gcd hom arg "
    "Pr tr rank diag softmax"
)
SPACES: Final[Mapping[str, str]] = {",": " ", ":": " ", ";": " ", " ": " ", "!": "", "quad": "  ", "qquad": "    "}
SKIPPED: Final = _words(
    "displaystyle textstyle scriptstyle limits nolimits big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr "
    "nonumber notag hline centering"
)
SKIPPED_WITH_ARGUMENT: Final = frozenset(("label", "color", "hspace", "vspace", "phantom"))

_SUPER: Final = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWαβγδεθιφχ′∗ ⊤",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵅᵝᵞᵟᵋᶿᶥᵠᵡ′* ᵀ",
        strict=True,
    )
)
_SUB: Final = dict(
    zip("0123456789+-−=()aehijklmnoprstuvxβγρφχ ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ ", strict=True)
)
# Where each alphabet begins among the mathematical ones: capitals, small letters, digits.
_ALPHABETS: Final = {
    "mathbf": ("BOLD CAPITAL", "BOLD SMALL", "BOLD DIGIT"),
    "boldsymbol": ("BOLD CAPITAL", "BOLD SMALL", "BOLD DIGIT"),
    "bm": ("BOLD CAPITAL", "BOLD SMALL", "BOLD DIGIT"),
    "mathbb": ("DOUBLE-STRUCK CAPITAL", "DOUBLE-STRUCK SMALL", "DOUBLE-STRUCK DIGIT"),
    "mathcal": ("SCRIPT CAPITAL", "SCRIPT SMALL", ""),
    "mathscr": ("SCRIPT CAPITAL", "SCRIPT SMALL", ""),
    "mathfrak": ("FRAKTUR CAPITAL", "FRAKTUR SMALL", ""),
}
_DIGITS: Final = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
ALPHABETS: Final = frozenset(_ALPHABETS)


def superscript(text: str) -> str | None:
    """
    >>> superscript("2n"), superscript("q")
    ('²ⁿ', None)
    """
    return _each(text, _SUPER)


def subscript(text: str) -> str | None:
    return _each(text, _SUB)


def in_alphabet(text: str, name: str) -> str:
    """
    >>> in_alphabet("R", "mathbb"), in_alphabet("x1", "mathbf"), in_alphabet("L", "mathcal")
    ('ℝ', '𝐱𝟏', 'ℒ')
    """
    return "".join(_styled(letter, *_ALPHABETS[name]) for letter in text)


def _styled(letter: str, capital: str, small: str, digit: str) -> str:
    if letter.isdigit() and letter.isascii():
        wanted = f"{digit} {_DIGITS[int(letter)]}" if digit else ""
    elif letter.isalpha() and letter.isascii():
        wanted = f"{capital if letter.isupper() else small} {letter.upper()}"
    else:
        return letter
    # A few letters had a place of their own before the alphabets came, under a name without the first word.
    for name in (f"MATHEMATICAL {wanted}", wanted.replace("FRAKTUR", "BLACK-LETTER")):
        try:
            return unicodedata.lookup(name)
        except KeyError:
            continue
    return letter


def _each(text: str, table: Mapping[str, str]) -> str | None:
    found = [table.get(character) for character in text]
    return None if None in found else "".join(filter(None, found))
