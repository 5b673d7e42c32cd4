// The workloads, each in the file of its name; main.cpp puts them in the table's order.
#pragma once

#include "bench/harness.hpp"

namespace flok::bench {

void add_rehash(workloads& all);
void add_change(workloads& all);
void add_diff(workloads& all);
void add_decode(workloads& all);
void add_memory(workloads& all);
void add_watches(workloads& all);
void add_watch_resident(workloads& all);
void add_watch_thread(workloads& all);
void add_peek(workloads& all);
void add_write_watchers(workloads& all);
void add_write_many(workloads& all);
void add_batch(workloads& all);
void add_namespaces(workloads& all);
void add_cold_watch(workloads& all);
void add_page_out(workloads& all);
void add_while_paging_out(workloads& all);
void add_idle(workloads& all);
void add_peers(workloads& all);

void add_rehash_growth(workloads& all);
void add_change_growth(workloads& all);
void add_diff_growth(workloads& all);
void add_decode_growth(workloads& all);

} // namespace flok::bench
