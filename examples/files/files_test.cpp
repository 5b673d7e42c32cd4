// The files pager, on real files and threads: the tests that its writer would write.
#include <fstream>

#include <flok/testing.hpp>

#include "examples/files/files_pager.hpp"
#include "examples/testing/catch.hpp"

using namespace flok::testing;

namespace {

/// A system whose namespace "files" is a directory's, and someone who watches.
class files_system {
public:
  explicit files_system(const temp_dir& home, const std::string& folder = "pages")
      : sys_{started(home, folder)} {}

  flok::system& operator*() { return *sys_; }
  flok::system* operator->() { return sys_.get(); }
  inbox<flok::error>& problems() { return *problems_; }

private:
  std::unique_ptr<flok::system> started(const temp_dir& home, const std::string& folder) {
    flok::pager_registry pagers;
    pagers.add({"files"}, spawn_files_pager);
    flok::system_options options;
    const nlohmann::json path = {{"path", home / folder}};
    options.config.pagers = {{"files", "files", path.dump()}};
    options.data = home / "data";
    options.on_problem = [to = problems_](const flok::error& e) { to->put(e); };
    return flok::system::start(std::move(options), pagers).value();
  }

  std::shared_ptr<inbox<flok::error>> problems_ = std::make_shared<inbox<flok::error>>();
  std::unique_ptr<flok::system> sys_;
};

/// A directory "pages", whose files are written as most programs write: in place.
struct pages_home : temp_dir {
  pages_home() { std::filesystem::create_directory(*this / "pages"); }
  std::string file(const std::string& id) const {
    return *this / ("pages/" + id + ".json");
  }
  void write(const std::string& id, std::string_view text) const {
    std::ofstream{file(id)} << text;
  }
  void write(const flok::page_ptr& page) const {
    write(std::string{page->id()}, page->json());
  }
};

flok::page_ptr news(const std::string& title) {
  return array_page("news", {{"a", {{"title", title}}}});
}

std::string told(const std::string& title, const std::string& why = "pager") {
  return R"(files/news [{"_id":"a","title":")" + title + R"("}] )" + why;
}

} // namespace

TEST_CASE("files: what is there is brought, and each change as it happens") {
  const pages_home home;
  home.write(news("one"));
  files_system sys{home};
  recording_controller c{*sys};
  c.watch("files", "news");
  CHECK(in_words(*c.next().page) == in_words(*news("one")));
  home.write(news("two"));
  CHECK(c.next_words() == told("two"));
  home.write(array_page("later"));
  c.watch("files", "later");
  CHECK(c.next().id == "later");
}

TEST_CASE("files: a file that is half written, or no page, leaves the last good one") {
  const pages_home home;
  home.write(news("one"));
  files_system sys{home};
  recording_controller c{*sys};
  c.watch("files", "news");
  c.next();
  home.write("news", news("torn")->json().substr(0, 40));
  home.write("news", array_page("other")->json());
  home.write(news("two"));
  CHECK(c.next_words() == told("two"));
  home.write("bad", "{");
  CHECK(sys->read("files", "bad").error().code == flok::errc::invalid_page);
}

TEST_CASE("files: a file that goes takes its page along, until it is there again") {
  const pages_home home;
  home.write(news("one"));
  files_system sys{home};
  recording_controller c{*sys};
  c.watch("files", "news");
  c.next();
  std::filesystem::remove(home.file("news"));
  CHECK(c.next_words() == "files/news deleted");
  CHECK(sys->read("files", "news").error().code == flok::errc::no_such_page);
  home.write(news("back"));
  CHECK(c.next_words() == told("back"));
}

TEST_CASE("files: one that went while nobody looked is told from disk, then deleted") {
  const pages_home home;
  home.write(news("yesterday"));
  {
    files_system sys{home};
    recording_controller c{*sys};
    c.watch("files", "news");
    c.next();
    REQUIRE(sys->close());
  }
  std::filesystem::remove(home.file("news"));
  files_system sys{home};
  recording_controller c{*sys};
  c.watch("files", "news");
  CHECK(c.until("files", "news", [](const sighting& s) { return !s.page; }).how ==
        flok::removal::deleted);
}

TEST_CASE(
    "files: what is not there brings no page, and has none outside of its directory") {
  const pages_home home;
  files_system sys{home};
  recording_controller c{*sys};
  c.watch("files", "none");
  std::ofstream{home / "outside.json"} << array_page("../outside")->json();
  c.watch("files", "../outside");
  sys->drain();
  for (const auto& s : c.seen()) // that it is gone, where the disk was still being asked
    CHECK(s.page == nullptr);
}

TEST_CASE("files: flok does not change them") {
  const pages_home home;
  home.write(news("one"));
  files_system sys{home};
  CHECK(sys->write("files", news("two")).error().code == flok::errc::unsupported);
  CHECK(sys->erase("files", "news").error().code == flok::errc::unsupported);
  CHECK(sys->read("files", "../pages/news").error().code == flok::errc::no_such_page);
  CHECK(in_words(*sys->read("files", "news").value()) == in_words(*news("one")));
}

TEST_CASE("files: without its directory it dies, and lives once that is there") {
  const pages_home home;
  files_system sys{home, "pages/later"};
  CHECK(sys.problems().next().code == flok::errc::pager_down);
  recording_controller c{*sys};
  c.watch("files", "news");
  std::filesystem::create_directory(home / "pages/later");
  std::ofstream{home / "pages/later/news.json"} << news("at last")->json();
  const auto there = [](const sighting& s) { return s.page != nullptr; };
  CHECK(c.until("files", "news", there).page->unmodified(*news("at last")));
}
