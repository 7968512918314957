#include "format/block_coding.h"

namespace cellm {

const BlockCoding* find_block_coding(FormatId id) {
  switch (id) {
#define CELLM_CODING_CASE(type, greatest) \
  case FormatId::k##type:                 \
    return &k##type##Coding;
    CELLM_ENCODED_BLOCKS(CELLM_CODING_CASE)
#undef CELLM_CODING_CASE
    default:
      return nullptr;
  }
}

}  // namespace cellm
