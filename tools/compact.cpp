// `flok compact`: the data file without its free pages.
#include "actors/store_view.hpp"
#include "tools/commands.hpp"
#include "tools/open_store.hpp"

namespace flok::tools {

int run_compact(const store_arguments& a) {
  const auto where = directory_of(a);
  if (!where)
    return complain("compact", where.error().message, exit_usage);
  expect_damage("compact", *where);
  const auto done = compact_lmdb_store(*where);
  if (!done)
    return complain("compact", done.error().message, exit_failed);
  printer out{"compact"};
  out.print(a.json ? R"({"bytes_before":)" + std::to_string(done->bytes_before) +
                         R"(,"bytes_after":)" + std::to_string(done->bytes_after) + "}\n"
                   : *where + ": " + readable_bytes(done->bytes_before) + " before, " +
                         readable_bytes(done->bytes_after) + " now\n");
  return out.finish(exit_ok);
}

} // namespace flok::tools
