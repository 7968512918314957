// Prints the version of the library that it runs with.
#include <iostream>

#include <cellm/cellm.hpp>

int main() {
  std::cout << cellm::version() << '\n';
}
