// A news feed: a head page names the newest page, each page the one before it. The reader
// watches the head and the newest page; an older one is read once, when one scrolls to it.
#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <flok/flok.hpp>
#include <nlohmann/json.hpp>

namespace {

using flok::page_ptr;

std::string titles(const flok::page& page) {
  std::string text{page.id()};
  for (std::size_t i = 0; i < page.size(); ++i)
    text += (i == 0 ? ": " : ", ") + page.member(i, "title").value_or("?");
  return text;
}

/// A page whose `_next` is what one comes to when one scrolls on.
page_ptr page_of(const flok::id_source& ids, const std::string& id,
                 const std::vector<std::string>& titles, std::optional<std::string> next) {
  auto draft = flok::new_page(flok::page_kind::array, ids, id);
  for (const auto& title : titles)
    (void)draft.insert(draft.size(), {{"title", title}});
  (void)draft.set_next(std::move(next));
  return draft.finish().value();
}

/// The inside of a controller that shows a feed.
class reader {
public:
  explicit reader(flok::controller& self) : self_{self} {}

  void open(const std::string& head) {
    self_.watch("feed", head, [this](const flok::update& u) {
      if (const auto newest = u.page->next(); newest && *newest != newest_)
        follow(std::string{*newest});
    });
  }

  /// Shows the page behind the last one that was shown, then says so.
  void scroll(const std::shared_ptr<std::promise<void>>& done) {
    if (!behind_)
      return std::puts("the end"), done->set_value();
    self_.read("feed", *behind_, [this, done](const flok::expected<page_ptr>& page) {
      if (page)
        show("older", **page);
      done->set_value();
    });
  }

private:
  void follow(const std::string& id) {
    if (!newest_.empty())
      self_.unwatch("feed", newest_);
    newest_ = id;
    self_.watch("feed", id, [this](const flok::update& u) { show("newest", *u.page); });
  }

  void show(const char* what, const flok::page& page) {
    std::printf("%s %s\n", what, titles(page).c_str());
    behind_ = page.next();
  }

  flok::controller& self_;
  std::string newest_;
  std::optional<std::string> behind_;
};

/// What handlers ask for in turn takes a second `drain`: the head leads to a watch.
void settle(flok::system& sys) {
  sys.drain();
  sys.drain();
}

} // namespace

int main() {
  flok::system_options options;
  options.config.pagers = {{"mem", "feed", "{}"}};
  auto sys = flok::system::start(std::move(options), *flok::builtin_pagers());
  if (!sys)
    return std::fprintf(stderr, "%s\n", sys.error().message.c_str()), 1;
  const auto& ids = (*sys)->ids();
  const auto write = [&](const page_ptr& page) { (void)(*sys)->write("feed", page); };

  write(page_of(ids, "news-1", {"sun", "wind"}, std::nullopt));
  write(page_of(ids, "news-2", {"rain"}, "news-1"));
  write(page_of(ids, "news", {}, "news-2"));

  std::shared_ptr<reader> feed;
  const auto screen = (*sys)->spawn([&feed](flok::controller& self) {
    feed = std::make_shared<reader>(self);
    feed->open("news");
  });
  settle(**sys);
  for (int i = 0; i < 2; ++i) {
    const auto shown = std::make_shared<std::promise<void>>();
    screen.post([&feed, shown](flok::controller&) { feed->scroll(shown); });
    shown->get_future().wait();
  }
  write(page_of(ids, "news-2", {"rain", "storm"}, "news-1")); // it grows,
  settle(**sys);
  write(page_of(ids, "news-3", {"calm"}, "news-2")); // and is full: the head moves on
  write(page_of(ids, "news", {}, "news-3"));
  settle(**sys);
  return (*sys)->close() ? 0 : 1;
}
