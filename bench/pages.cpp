#include "bench/pages.hpp"

#include <fmt/format.h>

#include "runtime/codec.hpp"

namespace flok::bench {

std::string page_json(page_kind kind, const std::string& id, std::size_t entries,
                      std::size_t entry_bytes, std::size_t version) {
  const bool by_key = kind == page_kind::hash;
  auto text = fmt::format(R"({{"_id":"{}","_type":"{}","entries":{})", id, to_string(kind),
                          by_key ? '{' : '[');
  for (std::size_t i = 0; i < entries; ++i) {
    const auto begin = text.size();
    const auto name = fmt::format("entry-{}", i);
    text += i == 0 ? "" : ",";
    text +=
        by_key ? fmt::format(R"("{}":{{)", name) : fmt::format(R"({{"_id":"{}",)", name);
    text += fmt::format(R"("_sig":"{:08x}{:08x}","v":"{}","t":")", i, version, version);
    const auto so_far = text.size() - begin + 2;
    text.append(entry_bytes > so_far ? entry_bytes - so_far : 0, 'x');
    text += "\"}";
  }
  return text + (by_key ? "}}" : "]}");
}

page_ptr make_page(page_kind kind, const std::string& id, std::size_t entries,
                   std::size_t entry_bytes, std::size_t version) {
  return decode_page(page_json(kind, id, entries, entry_bytes, version)).value();
}

std::vector<std::size_t> page_sizes() { return {10, 100, 1000, 10'000}; }

} // namespace flok::bench
