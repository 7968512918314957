#!/usr/bin/env python3
"""Makes testdata/gradients: the gradients of `cellm tune`, computed by torch's autograd.

usage: make_gradient_golden.py NAME...      (needs tools/requirements.txt)

For a model of testdata/models in float64, the student is the model with a factor for each row and column of its layers'
matrices, and with other norms; all of them perturbed as in src/tune/student_test.cc. The
loss is the mean over TOKENS positions of KL(model || student). NAME.safetensors has the gradient of every factor and
norm ("TENSOR rows", "TENSOR columns", "TENSOR norm"; of a norm with its offset included) and the loss.
"""

import copy
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOKENS = 40


def disturbed(values):
    return values * (1 + 0.02 * torch.sin(0.7 * torch.arange(len(values), dtype=values.dtype) + 1))


class Scaled(torch.nn.Module):
    def __init__(self, linear):
        super().__init__()
        self.weight = linear.weight.detach()
        self.bias = 0.0 if linear.bias is None else linear.bias.detach()
        self.rows = torch.nn.Parameter(disturbed(torch.ones(self.weight.shape[0], dtype=self.weight.dtype)))
        self.columns = torch.nn.Parameter(disturbed(torch.ones(self.weight.shape[1], dtype=self.weight.dtype)))

    def forward(self, x):
        return torch.nn.functional.linear(x * self.columns, self.weight) * self.rows + self.bias


def student_of(model):
    student = copy.deepcopy(model)
    for parameter in student.parameters():
        parameter.requires_grad_(False)
    offset = 1.0 if model.config.model_type.startswith("qwen3_5") else 0.0
    for name, module in list(student.named_modules()):
        if isinstance(module, torch.nn.Linear) and name != "lm_head":
            parent, _, child = name.rpartition(".")
            setattr(student.get_submodule(parent), child, Scaled(module))
        elif type(module).__name__.endswith("RMSNormGated"):
            module.weight = torch.nn.Parameter(disturbed(module.weight.detach()))
        elif type(module).__name__.endswith("RMSNorm"):
            module.weight = torch.nn.Parameter(disturbed(module.weight.detach() + offset) - offset)
    return student


def double_everywhere():
    """transformers computes norms, decays and the delta rule in float32 whatever the model is."""
    torch.Tensor.float = torch.Tensor.double
    to = torch.Tensor.to

    def to_double(self, *arguments, **options):
        arguments = [torch.float64 if a is torch.float32 else a for a in arguments]
        options = {k: torch.float64 if v is torch.float32 else v for k, v in options.items()}
        return to(self, *arguments, **options)

    torch.Tensor.to = to_double


def main():
    for name in sys.argv[1:]:
        folder = ROOT / "testdata" / "models" / name
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
        double_everywhere()
        student = student_of(model)
        ids = torch.tensor([json.loads((folder / "expected.json").read_text())["tokens"][:TOKENS]])
        with torch.no_grad():
            target = torch.log_softmax(model(ids, use_cache=False).logits[0], -1)
        is_ = torch.log_softmax(student(ids, use_cache=False).logits[0], -1)
        loss = (target.exp() * (target - is_)).sum(-1).mean()
        loss.backward()
        out = {"loss": loss.detach().reshape(1).type(torch.float32)}
        for key, parameter in student.named_parameters():
            if parameter.grad is None:
                continue
            key = key.removeprefix("model.")
            tensor, _, last = key.rpartition(".")
            key = f"{tensor}.weight {last}" if last in ("rows", "columns") else f"{key} norm"
            out[key] = parameter.grad.type(torch.float32).contiguous()
        path = ROOT / "testdata" / "gradients" / f"{name}.safetensors"
        path.parent.mkdir(exist_ok=True)
        save_file(out, path)
        print(f"{name}: loss {loss.item():.6f}, {len(out) - 1} gradients, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
