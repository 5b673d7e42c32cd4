// The workloads, each in the file of its name; main.cpp puts them in the table's order.
#pragma once

#include "bench/harness.hpp"

namespace flok::bench {

void add_rehash(workloads& all);

} // namespace flok::bench
