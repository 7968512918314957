// The program infer of the original study: the same as `cellm infer`.

#include "cli/command.h"

int main(int argc, char** argv) {
  return cellm::run_single_command(cellm::kInferCommand, argc, argv);
}
