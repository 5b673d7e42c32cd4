// flok without an actor in sight: plain threads read, write, wait and are called back.
#include <cstdio>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <flok/flok.hpp>
#include <nlohmann/json.hpp>

namespace {

constexpr int threads = 4;
constexpr int times = 25;

int value_of(const flok::page& page) {
  const auto at = page.find("count");
  return at ? std::stoi(page.member(*at, "value").value_or("0")) : 0;
}

/// The counter, one higher than in `base`.
flok::page_ptr raised(const flok::page_ptr& base, const flok::id_source& ids) {
  auto draft = flok::copy_page(base, ids);
  (void)draft.insert("count", {{"value", value_of(*base) + 1}});
  return draft.finish().value();
}

/// Adds one, whoever else does so at the same time: a write is made only to the page that
/// it was made from, and made anew where that has changed.
void add_one(flok::system& sys) {
  while (true) {
    const auto now = sys.read("user", "counter").value();
    const auto next = raised(now, sys.ids());
    if (sys.write("user", next, {.if_hash = now->hash_text()}))
      return;
  }
}

} // namespace

int main() {
  flok::system_options options;
  options.config.pagers = {{"mem", "user", "{}"}};
  auto started = flok::system::start(std::move(options), *flok::builtin_pagers());
  if (!started)
    return std::fprintf(stderr, "%s\n", started.error().message.c_str()), 1;
  flok::system& sys = **started;
  (void)sys.write(
      "user", flok::new_page(flok::page_kind::hash, sys.ids(), "counter").finish().value());

  std::promise<int> reached; // a callback on one of flok's threads
  auto counter = sys.watch("user", "counter", [&reached](const flok::update& u) {
    if (value_of(*u.page) == threads * times)
      reached.set_value(value_of(*u.page));
  });
  if (!counter)
    return std::fprintf(stderr, "%s\n", counter.error().message.c_str()), 1;

  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i)
    all.emplace_back([&sys] {
      for (int n = 0; n < times; ++n)
        add_one(sys);
    });
  std::printf("watched: %d\n", reached.get_future().get());
  for (auto& t : all)
    t.join();
  counter->stop(); // no callback runs after it
  std::printf("in memory: %d\n", value_of(*sys.peek("user", "counter")));

  // Several requests at once, waited for when their answers are wanted.
  std::vector<std::future<flok::expected<flok::page_ptr>>> writes;
  for (const auto* id : {"a", "b", "c"}) {
    auto page = flok::new_page(flok::page_kind::array, sys.ids(), id).finish().value();
    writes.push_back(sys.async_write("user", std::move(page)));
  }
  for (auto& w : writes)
    std::printf("written: %s\n", std::string{w.get().value()->id()}.c_str());
  return sys.close() ? 0 : 1;
}
