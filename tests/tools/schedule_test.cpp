// shell_schedule: which operations may be under way together, and in which order.
#include <algorithm>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tools/shell_schedule.hpp"

using flok::tools::shell_schedule;
using kind = shell_schedule::kind;

namespace {

/// A schedule whose operations are numbered as they are added.
class numbered_schedule {
public:
  struct op {
    kind what;
    std::string page;
    bool instant; ///< done before its start returns
    bool begun = false;
    bool done = false;
  };

  void add(kind what, const std::string& page = "", bool instant = false) {
    const std::size_t index = ops.size();
    ops.push_back({what, page, instant});
    schedule_.add(what, page, [this, index] { begin(index); });
  }

  void done(std::size_t index) {
    ops[index].done = true;
    schedule_.done(ops[index].what, ops[index].page);
  }

  /// The operations under way.
  [[nodiscard]] std::set<std::size_t> under_way() const {
    std::set<std::size_t> found;
    for (std::size_t i = 0; i < ops.size(); ++i)
      if (ops[i].begun && !ops[i].done)
        found.insert(i);
    return found;
  }

  std::vector<op> ops;
  std::vector<std::size_t> order; ///< in which they began
  int deepest = 0;                ///< nesting of starts

private:
  void begin(std::size_t index) {
    if (ops[index].begun)
      throw std::logic_error("begun twice");
    ops[index].begun = true;
    order.push_back(index);
    deepest = std::max(deepest, ++depth_);
    if (ops[index].instant)
      done(index);
    --depth_;
  }

  shell_schedule schedule_;
  int depth_ = 0;
};

using indexes = std::set<std::size_t>;

bool on_page(kind what) { return what != kind::free && what != kind::barrier; }

/// Whether an operation may be under way, by the rules as they are written; slowly.
bool may_begin(const std::vector<numbered_schedule::op>& ops, std::size_t index) {
  const auto& op = ops[index];
  for (std::size_t i = 0; i < index; ++i) {
    const auto& before = ops[i];
    if (before.done)
      continue;
    if (op.what == kind::barrier || before.what == kind::barrier)
      return false;
    if (!on_page(op.what) || !on_page(before.what) || before.page != op.page)
      continue;
    if (!before.begun || before.what == kind::load)
      return false;
    if (before.what == kind::write && op.what != kind::write)
      return false;
    if (before.what == kind::page && op.what == kind::load)
      return false;
  }
  return true;
}

/// Begins in the model all that may; what is instant is done at once.
void settle(std::vector<numbered_schedule::op>& model) {
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < model.size(); ++i)
      if (!model[i].begun && may_begin(model, i)) {
        model[i].begun = true;
        model[i].done = model[i].instant;
        again = true;
      }
  }
}

/// Whether a schedule and the model of it have the same operations begun and done.
bool same(const std::vector<numbered_schedule::op>& a,
          const std::vector<numbered_schedule::op>& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const auto& x, const auto& y) { return x.begun == y.begun && x.done == y.done; });
}

} // namespace

TEST_CASE("schedule: operations that share nothing begin at once", "[schedule]") {
  numbered_schedule s;
  s.add(kind::write, "a");
  s.add(kind::load, "b");
  s.add(kind::page, "c");
  s.add(kind::free);
  CHECK(s.under_way() == indexes{0, 1, 2, 3});
}

TEST_CASE("schedule: writes of a page follow each other without waiting", "[schedule]") {
  numbered_schedule s;
  for (int i = 0; i < 3; ++i)
    s.add(kind::write, "a");
  CHECK(s.under_way() == indexes{0, 1, 2});
}

TEST_CASE("schedule: what is no write waits for the page's writes before it",
          "[schedule]") {
  for (const kind what : {kind::page, kind::load}) {
    numbered_schedule s;
    s.add(kind::write, "a");
    s.add(kind::write, "a");
    s.add(what, "a");
    CHECK(s.under_way() == indexes{0, 1});
    s.done(1);
    CHECK(s.under_way() == indexes{0});
    s.done(0);
    CHECK(s.under_way() == indexes{2});
  }
}

TEST_CASE("schedule: nothing overtakes what waits for its page", "[schedule]") {
  numbered_schedule s;
  s.add(kind::write, "a");
  s.add(kind::page, "a");
  s.add(kind::write, "a"); // though it need not wait for the first
  s.add(kind::write, "b");
  CHECK(s.under_way() == indexes{0, 3});
  s.done(0);
  CHECK(s.under_way() == indexes{1, 2, 3});
}

TEST_CASE("schedule: nothing of a page begins during a load of it", "[schedule]") {
  for (const kind what : {kind::page, kind::load, kind::write}) {
    numbered_schedule s;
    s.add(kind::load, "a");
    s.add(what, "a");
    s.add(what, "b");
    CHECK(s.under_way() == indexes{0, 2});
    s.done(0);
    CHECK(s.under_way() == indexes{1, 2});
  }
}

TEST_CASE("schedule: operations of a page that neither write nor load go together",
          "[schedule]") {
  numbered_schedule s;
  s.add(kind::page, "a");
  s.add(kind::page, "a");
  CHECK(s.under_way() == indexes{0, 1});
}

TEST_CASE("schedule: a load waits for the watches before it", "[schedule]") {
  numbered_schedule s;
  s.add(kind::page, "a");
  s.add(kind::load, "a");
  CHECK(s.under_way() == indexes{0});
  s.done(0);
  CHECK(s.under_way() == indexes{1});
}

TEST_CASE("schedule: a barrier begins once all before it are done", "[schedule]") {
  numbered_schedule s;
  s.add(kind::write, "a");
  s.add(kind::free);
  s.add(kind::barrier);
  s.done(0);
  CHECK(s.under_way() == indexes{1});
  s.done(1);
  CHECK(s.under_way() == indexes{2});
}

TEST_CASE("schedule: nothing behind a barrier begins before it is done", "[schedule]") {
  numbered_schedule s;
  s.add(kind::barrier);
  s.add(kind::free);
  s.add(kind::write, "a");
  s.add(kind::barrier);
  s.add(kind::free);
  CHECK(s.under_way() == indexes{0});
  s.done(0);
  CHECK(s.under_way() == indexes{1, 2});
  s.done(1);
  s.done(2);
  CHECK(s.under_way() == indexes{3});
  s.done(3);
  CHECK(s.under_way() == indexes{4});
}

TEST_CASE("schedule: what is done within its start lets the next begin", "[schedule]") {
  numbered_schedule s;
  s.add(kind::write, "a");
  for (const kind what : {kind::load, kind::page, kind::load, kind::write, kind::page})
    s.add(what, "a", true);
  s.add(kind::barrier, "", true);
  s.add(kind::free, "", true);
  CHECK(s.under_way() == indexes{0});
  s.done(0);
  CHECK(s.under_way().empty());
  CHECK(s.order == std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("schedule: any number that are done within their starts do not nest",
          "[schedule]") {
  constexpr int many = 200'000;
  numbered_schedule s;
  s.add(kind::write, "a");
  for (int i = 0; i < many; ++i)
    s.add(kind::load, "a", true);
  for (int i = 0; i < many; ++i)
    s.add(kind::barrier, "", true);
  s.done(0);
  CHECK(s.order.size() == 2 * many + 1);
  CHECK(s.under_way().empty());
  CHECK(s.deepest == 1);
}

TEST_CASE("schedule: random operations begin exactly when the rules let them",
          "[schedule][random]") {
  constexpr kind kinds[] = {kind::free, kind::page, kind::load, kind::write, kind::barrier};
  for (unsigned seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random{seed};
    const auto below = [&](std::size_t n) { return random() % n; };
    const std::size_t pages = 1 + below(3);
    const std::size_t instants = below(3); // of four
    const std::size_t barriers = below(2);
    numbered_schedule s;
    std::vector<numbered_schedule::op> model;
    for (int step = 0; step < 90; ++step) {
      const auto under_way = s.under_way();
      if (step < 60 && (under_way.empty() || below(2) == 0)) {
        const kind what = kinds[below(4 + barriers)];
        const std::string page =
            on_page(what) ? std::string(1, 'a' + char(below(pages))) : "";
        const bool instant = below(4) < instants;
        model.push_back({what, page, instant});
        s.add(what, page, instant);
      } else if (!under_way.empty()) {
        const auto which =
            *std::next(under_way.begin(), std::ptrdiff_t(below(under_way.size())));
        model[which].done = true;
        s.done(which);
      }
      settle(model);
      REQUIRE(same(s.ops, model));
    }
    while (!s.under_way().empty())
      s.done(*s.under_way().begin());
    CHECK(s.order.size() == s.ops.size());
  }
}
