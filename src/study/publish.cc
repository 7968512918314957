#include "study/publish.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "study/model_card.h"
#include "tokenizer/write_tokenizer_json.h"

namespace cellm {
namespace {

// The original study's names of its modes.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kShortNames{
    {{"int8", "i8"}, {"int4", "i4"}, {"int2", "i2"}, {"int1", "q1"}}};

// The repository of a name on the hub, "OWNER/NAME[:FILE][@REVISION]".
std::string repository_of(const std::string& hub_name) {
  return hub_name.substr(0, hub_name.find_first_of(":@"));
}

// Replaces the target by a link to the file or a copy of it.
void link_or_copy(const std::filesystem::path& file, const std::filesystem::path& target) {
  const std::filesystem::path temporary = target.string() + ".tmp";
  std::error_code failure;
  std::filesystem::remove(temporary, failure);
  std::filesystem::create_hard_link(file, temporary, failure);
  if (failure) {  // another file system, or one without links
    std::filesystem::copy_file(file, temporary, failure);
    if (failure) {
      throw data_error("{}: cannot write this file: {}", printable(temporary.string()),
                       failure.message());
    }
  }
  replace_file(temporary, target);
}

// That of the source's folder, else made from the tokenizer.
std::string tokenizer_json(const Study& study) {
  const std::filesystem::path file = study.options.source / "tokenizer.json";
  if (study.options.tokenizer.empty() && std::filesystem::is_regular_file(file))
    return read_file(file, kMaxTokenizerBytes);
  return write_tokenizer_json(study.tokenizer->spec());
}

std::vector<std::string> source_metadata(const Study& study) {
  const std::filesystem::path file = study.options.source / "README.md";
  if (!std::filesystem::is_regular_file(file)) return {};
  return inherited_metadata(read_eval_text(file).text);
}

}  // namespace

std::string model_name(const StudyOptions& options) {
  if (!options.hub_name.empty()) {
    const std::string repository = repository_of(options.hub_name);
    return repository.substr(repository.find('/') + 1);
  }
  std::filesystem::path path = std::filesystem::absolute(options.source).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // ended with a separator
  // The hub's cache: models--OWNER--NAME/snapshots/COMMIT, with a file perhaps.
  constexpr std::string_view kModels = "models--";
  for (const std::filesystem::path& part : path) {
    const std::string name = part.string();
    if (name.starts_with(kModels)) return name.substr(name.rfind("--") + 2);
  }
  const std::string extension = path.extension().string();
  return (extension == ".gguf" || extension == ".cellm" ? path.stem() : path.filename()).string();
}

std::string published_file(const std::string& model, const std::string& format) {
  const auto* known = std::find_if(kShortNames.begin(), kShortNames.end(),
                                   [&](const auto& name) { return name.first == format; });
  std::string name =
      model + "-" + (known == kShortNames.end() ? format : std::string(known->second)) + ".cellm";
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

void publish(const Study& study, const nlohmann::ordered_json& document) {
  const std::filesystem::path& folder = study.options.publish;
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) {
    throw data_error("{}: cannot make this folder: {}", printable(folder.string()),
                     failure.message());
  }
  ModelCard card;
  card.name = model_name(study.options);
  card.base_model = repository_of(study.options.hub_name);
  card.metadata = source_metadata(study);
  for (const StudyRow& row : study.rows) {
    if (row.same_as) continue;
    const std::string name = published_file(card.name, row.format.name);
    link_or_copy(row.file, folder / name);
    card.files[row.format.name] = name;
  }
  for (const char* name : {"study.json", "report.html"})
    link_or_copy(study.options.output / name, folder / name);
  write_text_file(folder / "tokenizer.json", tokenizer_json(study));
  write_text_file(folder / "README.md", model_card(document, card));
}

}  // namespace cellm
