"""Models as transformers saves them, in folders: tiny, with random weights, made without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "a",
    "red",
    "blue",
    "circle",
    "square",
    "going",
    "left",
    "up",
    "stills",
]
SPECIAL = 5
"""So many of them, the first ones, say nothing."""
SMALL = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
AT_LEAST = 6
"""Tokens of an answer: a random model may end before its first."""


def save_vision_model(folder: Path) -> Path:
    """One that says words about a picture."""
    from transformers import BlipConfig, BlipForConditionalGeneration, BlipImageProcessor, BlipProcessor

    tokens = _tokenizer()
    ids = {"bos_token_id": 5, "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0}
    text = {"vocab_size": len(WORDS), "encoder_hidden_size": 32, "max_position_embeddings": 64, **ids, **SMALL}
    sides = {"image_size": 32, "patch_size": 16}
    config = BlipConfig(text_config=text, vision_config=sides | SMALL, projection_dim=32, image_text_hidden_size=32)
    model = BlipForConditionalGeneration(config)
    # Its decoder does not ask what the model is told of generation, so it is its bias that keeps it from an early end.
    model.text_decoder.cls.predictions.bias.data[:SPECIAL] = -1e4
    model.save_pretrained(folder)
    BlipProcessor(BlipImageProcessor(size={"height": 32, "width": 32}), tokens).save_pretrained(folder)
    return folder


def save_language_model(folder: Path) -> Path:
    """One that goes on with a text."""
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(WORDS), n_embd=32, n_layer=1, n_head=2, n_positions=1024, bos_token_id=2, eos_token_id=3
        )
    )
    model.generation_config.min_new_tokens = AT_LEAST
    model.generation_config.suppress_tokens = [0, 1, 2, 4]
    model.save_pretrained(folder)
    _tokenizer().save_pretrained(folder)
    return folder


def _tokenizer() -> Any:
    from transformers import BertTokenizerFast

    return BertTokenizerFast(vocab={word: number for number, word in enumerate(WORDS)})
