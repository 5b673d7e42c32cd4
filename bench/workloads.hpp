// The workloads, each in the file of its name; main.cpp puts them in the table's order.
#pragma once

#include "bench/harness.hpp"

namespace flok::bench {

void add_rehash(workloads& all);
void add_cold_watch(workloads& all);
void add_page_out(workloads& all);
void add_while_paging_out(workloads& all);
void add_peers(workloads& all);

} // namespace flok::bench
