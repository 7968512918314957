#include <fmt/format.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/model_argument.h"
#include "engine/opened_model.h"
#include "io/cellm_file.h"
#include "tokenizer/tokenizer.h"

namespace cellm {
namespace {

int run(const std::string& path) {
  const CellmFile file = open_cellm_file(model_path(path));
  const std::size_t checked = verify_cellm(file);
  // Intact bytes need not be a model: load it as infer does.
  const OpenedModel opened(open_cellm(file.mapping));
  const Model model = opened.weights();
  const TokenizerData tokenizer = opened.source().tokenizer();
  if (!std::holds_alternative<std::monostate>(tokenizer))
    load_tokenizer(tokenizer, printable(path));
  if (checked == 0) {
    fmt::print("{}: {} tensors, bounds and shapes are right; the file has no checksums\n",
               printable(path), opened.source().tensors().size());
  } else {
    fmt::print("{}: {} tensors, all {} checksums match\n", printable(path),
               opened.source().tensors().size(), checked);
  }
  return 0;
}

Run configure(Options& options) {
  auto path = std::make_shared<std::string>();
  options.add("file,-m,--model", *path, ".cellm file").required();
  options.footer("Example:\n  cellm verify qwen.cellm\nExit code 3 if anything is damaged.");
  return [path] { return run(*path); };
}

}  // namespace

const Command kVerifyCommand{"verify", "Check a .cellm file: bounds, shapes and every checksum",
                             configure};

}  // namespace cellm
