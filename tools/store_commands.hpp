// The subcommands of `flok` for those who look after a store. They work over a
// `page_source`, and write through a `page_target`: a data directory, or a running system.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace flok::tools {

/// Where the pages are, and how results are printed: at `connect`, the socket of a running
/// system, or in a data directory. Of `data` and `config`, where one is not given the other
/// tells; where both are, `data` stands over the configuration's `storage.path`.
struct store_arguments {
  std::optional<std::string> data;
  std::optional<std::string> config;
  std::optional<std::string> connect;
  bool json = false;
};

struct ls_arguments : store_arguments {
  std::string ns; ///< empty: the namespaces
  std::string prefix;
  std::string after;
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
};

struct page_arguments : store_arguments {
  std::string ns;
  std::string id;
};

struct check_arguments : store_arguments {
  std::vector<std::string> namespaces; ///< none: all
  bool no_links = false;
};

struct dump_arguments : store_arguments {
  std::vector<std::string> namespaces; ///< none: all
};

struct load_arguments : store_arguments {
  std::string file = "-";
};

struct put_arguments : store_arguments {
  std::string ns;
  std::string file = "-";
  std::optional<std::string> if_hash;
  bool create = false;
};

struct rm_arguments : store_arguments {
  std::string ns;
  std::vector<std::string> ids;
};

struct diff_arguments : store_arguments {
  std::string ns;
  std::string id;
  std::string file;
  std::optional<std::string> with; ///< another data directory, or a socket
};

struct watch_arguments : page_arguments {
  bool color = false; ///< also where the output is no terminal
};

struct top_arguments : store_arguments {
  double interval = 1; ///< seconds
  bool once = false;
};

/// Each does its work and gives the exit status (docs/tool.md).
int run_ls(const ls_arguments& a);
int run_get(const page_arguments& a);
int run_stat(const store_arguments& a);
int run_check(const check_arguments& a);
int run_dump(const dump_arguments& a);
int run_load(const load_arguments& a);
int run_put(const put_arguments& a);
int run_rm(const rm_arguments& a);
int run_diff(const diff_arguments& a);
int run_compact(const store_arguments& a);
int run_watch(const watch_arguments& a);
int run_top(const top_arguments& a);

} // namespace flok::tools
