#include "runtime/config.hpp"

const char* uses_flok::folder(int argc, char* argv[]) { return argc > 1 ? argv[1] : "."; }
