#include "base/error.h"
#include "model/arch/family.h"

namespace cellm {

extern const Family kLlamaFamily;
extern const Family kQwen2Family;
extern const Family kQwen3Family;
extern const Family kQwen35Family;

std::span<const Family* const> families() {
  static constexpr std::array kFamilies{&kQwen35Family, &kQwen3Family, &kQwen2Family,
                                        &kLlamaFamily};
  return kFamilies;
}

const TensorNames& names_of(const Family& family, TensorRole role) {
  const auto found = std::ranges::find(family.names, role, &TensorNames::role);
  CELLM_CHECK(found != family.names.end());
  return *found;
}

}  // namespace cellm
