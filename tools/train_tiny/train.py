#!/usr/bin/env python3
"""Trains cellm-tiny with transformers' own model class.

usage: train.py --corpus FOLDER --model FOLDER [--work FOLDER] [--epochs N] [--seed N] [--from FOLDER] [--rate X]

The model's folder holds the tokenizer (make_tokenizer.py) and receives config.json, generation_config.json and
model.safetensors in bfloat16 at the end. A checkpoint is written to the work folder every few minutes; the same command
goes on from there. log.tsv there has a line for every twenty steps, loss.png the curve. Uses a GPU if there is one,
otherwise all cores. --from starts with the weights of another such folder, --rate is a share of the learning rates.
"""

import argparse
import json
import math
import os
import pathlib
import time

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import GenerationConfig, Qwen3_5ForCausalLM, Qwen3_5TextConfig

import chat

ROW = 256  # tokens in a row of a batch
BATCH = 16  # rows
MUON_RATE = 0.02
ADAM_RATE = 0.003
WARM_UP = 0.02  # share of all steps
COOL_DOWN = 0.5  # share of all steps in which the rates fall to zero, at the end
CLIP = 1.0
LOG_STEPS = 20
SAVE_SECONDS = 300


def configuration(tokenizer):
    end = tokenizer.token_to_id("<|im_end|>")
    return Qwen3_5TextConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=256, intermediate_size=768, num_hidden_layers=8,
        num_attention_heads=4, num_key_value_heads=2, head_dim=64, hidden_act="silu", max_position_embeddings=2048,
        rms_norm_eps=1e-6, tie_word_embeddings=True, attention_bias=False, linear_conv_kernel_dim=4,
        linear_key_head_dim=64, linear_value_head_dim=64, linear_num_key_heads=4, linear_num_value_heads=4,
        layer_types=(["linear_attention"] * 3 + ["full_attention"]) * 2, eos_token_id=end,
        pad_token_id=tokenizer.token_to_id("<|endoftext|>"),
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.25,
                         "mrope_section": [3, 3, 2], "mrope_interleaved": True},
    )  # fmt: skip


def encode(path, tokenizer):
    """Documents as (ids, whether each id is in the loss)."""
    documents = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            pieces = chat.parts(json.loads(line))
            encodings = tokenizer.encode_batch([text for text, _ in pieces], add_special_tokens=False)
            ids = [i for encoding in encodings for i in encoding.ids]
            learnt = [flag for encoding, (_, flag) in zip(encodings, pieces) for _ in encoding.ids]
            documents.append((ids[:ROW], learnt[:ROW]))
    return documents


def pack(documents, order, padding):
    """Whole documents, one after another in rows that all begin with one. Returns ids (rows, ROW) and the targets."""
    rows, open_rows = [], []
    for index in order:
        size = len(documents[index][0])
        for row in open_rows:
            if row[0] + size <= ROW:
                break
        else:
            row = [0, []]
            open_rows.append(row)
        row[0] += size
        row[1].append(index)
        if row[0] > ROW - 16 or len(open_rows) > 64:
            full = max(open_rows, key=lambda r: r[0])
            open_rows.remove(full)
            rows.append(full[1])
    rows.extend(row[1] for row in open_rows)
    ids = np.full((len(rows), ROW), padding, dtype=np.int64)
    learnt = np.zeros((len(rows), ROW), dtype=bool)
    for r, members in enumerate(rows):
        at = 0
        for index in members:
            tokens, flags = documents[index]
            ids[r, at : at + len(tokens)] = tokens
            # The first token of a document cannot be predicted from the previous document.
            learnt[r, at : at + len(tokens)] = flags
            learnt[r, at] = False
            at += len(tokens)
    return ids, learnt


def optimizers(model):
    """Muon for the matrices of the layers, Adam for the embedding and all vectors."""
    matrices, others = [], []
    for name, parameter in model.named_parameters():
        is_matrix = parameter.ndim == 2 and min(parameter.shape) >= 64 and "embed" not in name
        (matrices if is_matrix else others).append(parameter)
    return [
        torch.optim.Muon(matrices, lr=MUON_RATE, momentum=0.95, nesterov=True, weight_decay=0.02),
        torch.optim.AdamW(others, lr=ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
    ]


def rate(step, steps):
    """Warm-up, plateau, linear fall."""
    warm = max(1, int(steps * WARM_UP))
    return min(1.0, (step + 1) / warm, (steps - step) / max(1.0, steps * COOL_DOWN))


def loss_of(model, layers, ids, learnt):
    """Mean cross entropy of the tokens in the loss; logits are computed for these only."""
    hidden = layers(input_ids=ids, use_cache=False).last_hidden_state
    mask = learnt[:, 1:].reshape(-1)
    chosen = hidden[:, :-1].reshape(-1, hidden.shape[-1])[mask]
    logits = model.lm_head(chosen).float()
    return torch.nn.functional.cross_entropy(logits, ids[:, 1:].reshape(-1)[mask])


def save_whole(state, path):
    torch.save(state, f"{path}.tmp")
    os.replace(f"{path}.tmp", path)


def export(model, tokenizer, folder):
    """The Hugging Face folder; numbers as Qwen3.5 has them: bfloat16, the decay and the norm after it float32."""
    model = model.to("cpu").to(torch.bfloat16)
    for name, module in model.named_modules():
        if name.endswith("linear_attn"):
            module.A_log.data = module.A_log.data.float()
            module.norm.weight.data = module.norm.weight.data.float()
    ends = [tokenizer.token_to_id("<|im_end|>"), tokenizer.token_to_id("<|endoftext|>")]
    model.generation_config = GenerationConfig(do_sample=True, temperature=0.6, top_k=20, top_p=0.9, eos_token_id=ends,
                                               pad_token_id=ends[1])  # fmt: skip
    model.config.dtype = torch.bfloat16
    model.save_pretrained(folder)


def draw(log, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [line.split("\t") for line in log.read_text().splitlines()[1:]]
    pyplot.figure(figsize=(7, 4))
    pyplot.plot([int(r[1]) / 1e6 for r in rows], [float(r[2]) for r in rows], linewidth=1)
    pyplot.yscale("log")
    pyplot.xlabel("million tokens")
    pyplot.ylabel("training loss, nats per token that is learnt")
    pyplot.grid(alpha=0.3)
    pyplot.tight_layout()
    pyplot.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("build/train_tiny"))
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="start", type=pathlib.Path)
    parser.add_argument("--rate", type=float, default=1.0)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
    torch.manual_seed(options.seed)
    if options.start:
        model = Qwen3_5ForCausalLM.from_pretrained(options.start, dtype=torch.float32).to(device)
    else:
        model = Qwen3_5ForCausalLM(configuration(tokenizer)).to(device)

    documents = encode(options.corpus / "train.jsonl", tokenizer)
    generator = np.random.default_rng(options.seed)
    rows, flags = [], []
    for _ in range(math.ceil(options.epochs)):
        ids, learnt = pack(documents, generator.permutation(len(documents)), tokenizer.token_to_id("<|endoftext|>"))
        order = generator.permutation(len(ids))
        rows.append(ids[order])
        flags.append(learnt[order])
    rows, flags = np.concatenate(rows), np.concatenate(flags)
    steps = int(len(rows) * options.epochs / math.ceil(options.epochs)) // BATCH
    tokens = sum(len(ids) for ids, _ in documents)
    print(f"{len(documents)} documents, {tokens} tokens, {tokens / rows.size * math.ceil(options.epochs):.0%} of their rows; "
          f"{sum(p.numel() for p in model.parameters())} parameters, {steps} steps of {BATCH * ROW} tokens", flush=True)  # fmt: skip

    optimizer = optimizers(model)
    # Fuses the operations between matrix products: a fifth more tokens per second, after two minutes of compilation.
    layers = torch.compile(model.model)
    state_file, log_file = options.work / "state.pt", options.work / "log.tsv"
    first, spent = 0, 0.0
    if state_file.is_file():
        state = torch.load(state_file, map_location=device, weights_only=True)
        if state["steps"] != steps:
            raise SystemExit(f"{state_file} belongs to a run of {state['steps']} steps, this one has {steps}; remove it")
        model.load_state_dict(state["model"])
        for one, saved in zip(optimizer, state["optimizers"]):
            one.load_state_dict(saved)
        first, spent = state["step"], state["seconds"]
        kept = [line for line in log_file.read_text().splitlines()[1:] if int(line.split("\t")[0]) <= first]
        log_file.write_text("\n".join(["step\ttokens\tloss\trate\tseconds", *kept]) + "\n")
        print(f"goes on after step {first}", flush=True)
    else:
        log_file.write_text("step\ttokens\tloss\trate\tseconds\n")

    def save(step):
        save_whole({"model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizer], "step": step,
                    "steps": steps, "seconds": spent + time.monotonic() - begin}, state_file)  # fmt: skip

    model.train()
    begin = saved = time.monotonic()
    losses = []
    for step in range(first, steps):
        at = slice(step * BATCH, (step + 1) * BATCH)
        ids, learnt = torch.from_numpy(rows[at]).to(device), torch.from_numpy(flags[at]).to(device)
        with torch.autocast(device, torch.bfloat16):
            loss = loss_of(model, layers, ids, learnt)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        for one, top in zip(optimizer, (MUON_RATE, ADAM_RATE)):
            for group in one.param_groups:
                group["lr"] = options.rate * top * rate(step, steps)
            one.step()
            one.zero_grad()
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            raise SystemExit(f"the loss of step {step} is {losses[-1]}")
        if (step + 1) % LOG_STEPS == 0 or step + 1 == steps:
            now = time.monotonic()
            seconds = spent + now - begin
            done = (step + 1) * BATCH * ROW
            left = (now - begin) / (step + 1 - first) * (steps - step - 1)
            line = f"{step + 1}\t{done}\t{sum(losses) / len(losses):.4f}\t{rate(step, steps):.4f}\t{seconds:.0f}"
            with open(log_file, "a", encoding="utf-8") as log:
                log.write(line + "\n")
            print(f"step {step + 1} of {steps}, loss {sum(losses) / len(losses):.4f}, "
                  f"{(step + 1 - first) * BATCH * ROW / (now - begin):.0f} tokens/s, {left / 60:.0f} min left", flush=True)  # fmt: skip
            losses = []
        if time.monotonic() - saved > SAVE_SECONDS:
            save(step + 1)
            saved = time.monotonic()
    save(steps)
    export(model, tokenizer, options.model)
    draw(log_file, options.work / "loss.png")


if __name__ == "__main__":
    main()
