#include "tests/sim/stock.hpp"

#include "runtime/codec.hpp"

namespace flok::sim {

namespace {

constexpr unsigned contents = 5;
constexpr unsigned objects = 2; ///< of each content

page_ptr made(page_key k, unsigned content) {
  const std::string text(content * 300, 'x');
  return decode_page(R"({"_id":")" + id_of(k) + R"(","_type":"array","entries":[)" +
                     R"({"_id":"e","_sig":"v)" + std::to_string(content) + R"(","t":")" +
                     text + "\"}]}")
      .value();
}

} // namespace

page_stock::page_stock() {
  for (page_key k = 0; k < ids; ++k)
    for (unsigned i = 0; i < contents * objects; ++i)
      pages_[k].push_back(made(k, i / objects));
  for (const char* id : {"a", "b", "c"})
    edits_.push_back({pointer_edit{page_pointer::next, id}});
  edits_.push_back({set_edit{0, R"({"n":1})"}, pointer_edit{page_pointer::prev, "p"}});
  edits_.push_back({set_edit{0, R"({"n":2})"}});
  edits_.push_back({pointer_edit{page_pointer::head, "h"}, erase_edit{7}}); // none of it
}

} // namespace flok::sim
