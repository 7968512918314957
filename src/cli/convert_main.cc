// The program convert of the original study: the same as `cellm convert`.

#include "cli/command.h"

int main(int argc, char** argv) {
  return cellm::run_single_command(cellm::kConvertCommand, argc, argv);
}
