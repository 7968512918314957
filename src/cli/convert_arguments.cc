#include "cli/convert_arguments.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "convert/calibrate.h"
#include "convert/mixtures.h"
#include "format/format_choice.h"
#include "jobs/tune_job.h"

namespace cellm {
namespace {

void add_formats(Options& options, ConvertArguments& a) {
  const char* study = "The study's modes, with its rules of which tensors";
  options.add_flag("--quantize-int8-symmetric", a.int8, "int8 with a scale per row").group(study);
  options.add_flag("--quantize-int4-symmetric", a.int4, "int4 with a scale per row").group(study);
  options.add_flag("--quantize-int2-symmetric", a.int2, "int2 with a scale per row").group(study);
  options.add_flag("--quantize-int1-symmetric", a.int1, "1 bit with a scale per 128").group(study);
  options.add_flag("--quantize-fp8-e4m3", a.fp8, "8-bit floats").group(study);
  options
      .add("--recipe", a.recipe,
           "A variant of the study: int8, int4-g32, mixed-int4, int4-g128, test-i4, "
           "int4-aggressive; "
           "or one of --target-bpw: small (3.25), tiny (2.25)")
      .group(study);

  const char* general = "The general form, for every model";
  options
      .add("-f,--format", a.format,
           fmt::format(
               "Format of the layers, {} by default: {}; or keep: every tensor as the "
               "input stores it, "
               "without requantization; or a mixture of llama-quantize: {} (default for .gguf: "
               "{}) (see cellm formats)",
               kDefaultFormat, encodable_format_names(), mixture_names(), kDefaultGgufFormat))
      .suggest(format_words())
      .group(general);
  options
      .add("--target-bpw", a.target_bpw,
           "Instead of --format: bits per weight that the whole file may have, but for what "
           "--embedding, --lm-head and --tensor name. Measures what each part of the model "
           "costs at 2 bits, gives each the trellis code (or int8) with which the model "
           "suffers least, and compares the file with its source. Calibrates on the default "
           "text unless told otherwise, and leaves out what --text-only does")
      .group(general)
      .range(0.5, 16.0);
  options
      .add("--embedding", a.embedding,
           "Format of the embedding, one of those of --format but keep (default int8; f16 with "
           "--format f16; kept with --format keep)")
      .suggest(encodable_formats())
      .group(general);
  options
      .add("--lm-head", a.lm_head,
           "Format of the output matrix, likewise (default: that of the embedding; kept with "
           "--format keep)")
      .suggest(encodable_formats())
      .group(general);
  options
      .add(
          "--tensor", a.tensors,
          "REGEX=FORMAT (or keep) for the matrices whose name it is found in; repeatable, the last "
          "match wins")
      .group(general);
}

void add_rounding(Options& options, ConvertArguments& a) {
  const char* rounding = "How codes are chosen";
  options
      .add("--scale", a.scale,
           "absmax: by the largest weight, as the study does; mse: by the least squared "
           "error; auto: the better for each format (default with --format and --calibrate)")
      .group(rounding)
      .one_of({"absmax", "mse", "auto"});
  const Option calibrate_option =
      options
          .add("--calibrate", a.calibrate,
               "Text to run the model on first, a file, \"default\", or what the model itself "
               "writes (\"self\") or answers (\"chat\"): codes are then chosen for the inputs "
               "that they are multiplied with, each making up for the errors of those before "
               "it. A killed run goes on when it is repeated")
          .group(rounding);
  options.add("--calibrate-tokens", a.calibrate_tokens, "Tokens of the text to use at most")
      .group(rounding)
      .show_default()
      .needs(calibrate_option)
      .range(kCalibrationWindow, std::size_t{1} << 32);
  options
      .add("--seed", a.seed,
           "Draw the windows of the text at random by this seed (0: spread evenly)")
      .group(rounding)
      .show_default()
      .needs(calibrate_option);
  options
      .add("--feedback", a.feedback,
           "off: only weigh errors by the text and do not make up for them (faster, worse)")
      .group(rounding)
      .show_default()
      .needs(calibrate_option)
      .one_of({"on", "off"});
  options
      .add("--targets", a.targets,
           "corrected (default): before a matrix is quantized, change its weights so that its "
           "quantized input gives the output of the source; plain: do not")
      .group(rounding)
      .needs(calibrate_option)
      .one_of({"corrected", "plain"});
  options
      .add("--tune-tokens", a.tune_tokens,
           fmt::format("Afterwards train scales and norms on so many tokens, as the command "
                       "tune does; 0: not [{} with --target-bpw]",
                       kTuningTokens))
      .group(rounding)
      .range(std::size_t{0}, std::size_t{1} << 32);
}

void add_switches(Options& options, ConvertArguments& a) {
  options.add(
      "--lora", a.lora,
      "ADAPTER or ADAPTER:SCALE, a PEFT folder or a GGUF adapter, to merge into the weights "
      "first; repeatable");
  options.add_flag("--text-only", a.text_only, "Leave out vision and multi-token prediction");
  options.add_flag(
      "--packed", a.packed,
      "Store matrices in the order in which the engine reads them: the file is ready at "
      "once, without a copy in memory, but only cellm can read it");
  options.add("--rotation-seed", a.rotation,
              "Seed of the random rotation of trellis formats (default 0)");
  options.add_flag("--no-tokenizer", a.no_tokenizer, "Do not put the tokenizer into the file");
  options.add_flag(
      "--dequant-4bit-affine", a.dequant_4bit_affine,
      "The input is an MLX 4-bit folder (recognised without it; with it, anything else is "
      "refused)");
  options.add_flag("--validate-gguf", a.validate_gguf,
                   "Afterwards compare tensors and logits with the input");
  options.add_flag(
      "--allow-nonfinite", a.allow_nonfinite,
      "Write NaN as 0, and infinity and values beyond the format as its largest value, "
      "instead of refusing the input");
  add_follow_links(options, a.links);
  options.add_flag("--dry-run", a.dry_run, "Print what would be written and write nothing");
  options.add_flag("--json", a.json, "Print the plan of --dry-run as JSON");
  add_threads(options, a.threads);
  options.add_flag("-q,--quiet", a.quiet, "No progress and no notes");
}

}  // namespace

void add_convert_options(Options& options, ConvertArguments& a) {
  options.add("-i,--input,input", a.input, "Hugging Face folder, .gguf or .cellm file").required();
  options
      .add("-o,--output,output", a.output,
           ".cellm file to write, or .gguf for llama.cpp; replaced only when the new one is whole")
      .names_output();
  options
      .add("--to-safetensors", a.to_safetensors,
           "Instead of --output: a new folder with config.json, tokenizer and model.safetensors, "
           "for transformers; its weights are what the input holds, as bf16 or f16 (--format "
           "chooses)")
      .names_output();
  options.add("--dtype", a.dtype, "Format of what is not quantized: f16").one_of({"f16"});
  add_formats(options, a);
  add_rounding(options, a);
  add_switches(options, a);
  options.footer(
      "Examples:\n"
      "  convert --input Qwen3.5-0.8B --output qwen-int4.cellm --format int4-g32 --text-only\n"
      "  convert --input Qwen3.5-0.8B --output qwen-small.cellm --target-bpw 2.5\n"
      "  convert --input Qwen3.5-0.8B --output qwen-i4.cellm --dtype f16 "
      "--quantize-int4-symmetric\n"
      "  convert --input model.gguf --output model.cellm --format int8 --tensor 'down_proj=f16'\n"
      "  convert --input Qwen3-0.6B --output qwen3.cellm --format int4-g32 --calibrate text.txt\n"
      "  convert --input model.gguf --output int2.cellm --quantize-int2-symmetric --scale mse\n"
      "  convert --input model.gguf --output model.cellm --format keep\n"
      "  convert --input model.cellm --output model.gguf --format keep\n"
      "  convert --input Qwen3-0.6B --output qwen3.gguf --format q4_k_m --calibrate text.txt\n"
      "  convert --input model.gguf --to-safetensors model-folder\n"
      "  convert --input Qwen3-0.6B --recipe mixed-int4 --dry-run");
}

}  // namespace cellm
