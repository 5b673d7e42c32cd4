#include "testing/build_page.hpp"

#include "testing/pages.hpp"

namespace flok::testing {

namespace {

void must(const draft& d, const expected<void>& done) {
  if (!done)
    throw failed{"page " + std::string{d.id()} + ": " + done.error().message};
}

page_ptr finished(draft d, const pointers& to) {
  must(d, d.set_head(to.head));
  must(d, d.set_next(to.next));
  must(d, d.set_prev(to.prev));
  auto page = d.finish();
  if (!page)
    throw failed{page.error().message};
  return *page;
}

} // namespace

page_ptr array_page(std::string_view id, std::initializer_list<entry> entries,
                    const pointers& to) {
  auto d = new_page(page_kind::array, {}, std::string{id});
  for (const auto& e : entries) {
    nlohmann::json object = {{"_id", e.name}};
    object.update(e.fields);
    must(d, d.insert(d.size(), object));
  }
  return finished(std::move(d), to);
}

page_ptr hash_page(std::string_view id, std::initializer_list<entry> entries,
                   const pointers& to) {
  auto d = new_page(page_kind::hash, {}, std::string{id});
  for (const auto& e : entries) {
    if (d.text(e.name))
      throw failed{"the key " + e.name + " is given twice"};
    must(d, d.insert(e.name, e.fields));
  }
  return finished(std::move(d), to);
}

page_ptr head_page(std::string_view id, std::string_view first) {
  return array_page(id, {}, {.next = std::string{first}});
}

} // namespace flok::testing
