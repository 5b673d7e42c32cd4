// Two controllers that know nothing of each other but a page: one asks for sums in it, the
// other one does them there.
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>

#include <flok/flok.hpp>

namespace {

constexpr int sums_wanted = 3;

/// A member of an entry as a number.
int number(const flok::page& page, std::size_t entry, const char* member) {
  return std::atoi(page.member(entry, member).value_or("0").c_str());
}

/// Puts questions into the page, each under a key of its own, and waits for all answers.
void ask(flok::controller& self, const std::shared_ptr<std::promise<void>>& answered) {
  self.watch("desk", "sums", [&self, answered](const flok::update& u) {
    for (std::size_t i = 0; i < u.page->size(); ++i)
      if (!u.page->member(i, "sum"))
        return; // not all are there yet
    if (u.page->size() != sums_wanted)
      return;
    for (std::size_t i = 0; i < u.page->size(); ++i)
      std::printf("%d + %d = %d\n", number(*u.page, i, "a"), number(*u.page, i, "b"),
                  number(*u.page, i, "sum"));
    answered->set_value();
    self.quit();
  });
  for (int i = 1; i <= sums_wanted; ++i) {
    const auto question =
        R"({"a": )" + std::to_string(i) + R"(, "b": )" + std::to_string(10 * i) + "}";
    self.edit("desk", "sums", {flok::insert_edit{std::to_string(i), question}},
              flok::page_kind::hash);
  }
}

/// Answers what has no answer yet. Each edit is made to the page as it is by then, so what
/// comes in between is not lost; to answer twice changes nothing.
void answer(flok::controller& self) {
  self.watch("desk", "sums", [&self](const flok::update& u) {
    for (std::size_t i = 0; i < u.page->size(); ++i) {
      if (u.page->member(i, "sum"))
        continue;
      const int sum = number(*u.page, i, "a") + number(*u.page, i, "b");
      self.edit("desk", "sums",
                {flok::set_edit{std::string{u.page->entry(i).name},
                                R"({"sum": )" + std::to_string(sum) + "}"}});
    }
  });
}

} // namespace

int main() {
  flok::system_options options;
  options.config.pagers = {{"mem", "desk", "{}"}};
  auto sys = flok::system::start(std::move(options), *flok::builtin_pagers());
  if (!sys)
    return std::fprintf(stderr, "%s\n", sys.error().message.c_str()), 1;
  const auto answered = std::make_shared<std::promise<void>>();
  (*sys)->spawn(answer);
  (*sys)->spawn([answered](flok::controller& self) { ask(self, answered); });
  answered->get_future().wait();
  return (*sys)->close() ? 0 : 1;
}
