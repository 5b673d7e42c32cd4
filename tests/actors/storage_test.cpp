// The store over LMDB, on real directories.

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actors/lmdb_store.hpp"
#include "testing/temp_dir.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

using store_ptr = std::unique_ptr<store>;

expected<store_ptr> try_open(const std::string& directory, strings namespaces = {"ns"},
                             std::size_t map_bytes = std::size_t{1} << 20U) {
  return open_lmdb_store({directory, std::move(namespaces), map_bytes});
}

store_ptr opened(const std::string& directory, strings namespaces = {"ns"},
                 std::size_t map_bytes = std::size_t{1} << 20U) {
  auto s = try_open(directory, std::move(namespaces), map_bytes);
  INFO((s ? std::string{} : s.error().message));
  REQUIRE(s.has_value());
  return std::move(*s);
}

/// Why a directory is not opened.
std::string refusal(const std::string& directory) {
  auto s = try_open(directory);
  REQUIRE_FALSE(s.has_value());
  CHECK(s.error().code == errc::storage_failure);
  CHECK(s.error().message.find(directory) != std::string::npos);
  return s.error().message;
}

void put(store& s, const std::vector<page_ptr>& pages, bool pending = false,
         const std::string& ns = "ns") {
  std::vector<commit_page> batch;
  for (const auto& p : pages)
    batch.push_back({ns, std::string{p->id()}, p, pending});
  std::sort(batch.begin(), batch.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  const auto ok = s.commit(batch);
  INFO((ok ? std::string{} : ok.error().message));
  REQUIRE(ok.has_value());
}

/// What a load finds, as `label` tells it; "-" for nothing.
std::string found(store& s, const std::string& id, const std::string& ns = "ns") {
  const auto r = s.load(ns, id);
  REQUIRE(r.has_value());
  CHECK(r->damage == "");
  return r->found.page ? label(*r->found.page) + (r->found.pending ? " ?" : "") : "-";
}

std::string contents(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void overwrite(const std::string& file, const std::string& bytes) {
  std::ofstream out{file, std::ios::binary | std::ios::trunc};
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  REQUIRE(out.flush());
}

/// Replaces each `from` in a file by `to`, of the same length; gives how many there were.
int patch(const std::string& file, const std::string& from, const std::string& to) {
  REQUIRE(from.size() == to.size());
  auto bytes = contents(file);
  int count = 0;
  for (auto at = bytes.find(from); at != std::string::npos; at = bytes.find(from, at + 1)) {
    bytes.replace(at, to.size(), to);
    ++count;
  }
  overwrite(file, bytes);
  return count;
}

/// What `work` gives in a process of its own.
template <class Work>
int in_child(Work work) {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0)
    ::_exit(work());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

} // namespace

TEST_CASE("lmdb: pages come back byte for byte, with their mark") {
  const temp_dir dir;
  const auto s = opened(dir / "new/deep");
  const auto page = page_of(
      "{\"_id\":\"a\",\"_type\":\"hash\",\"_prev\":\"p\",\"entries\":{\"k\" : {\"n\":1.50,"
      "\"m\":[ ], \"t\":\"\xc3\xa9\\u00e9\"}}}");
  put(*s, {page}, true);
  put(*s, {version("b", "1")});
  const auto r = s->load("ns", "a");
  REQUIRE(r.has_value());
  CHECK(r->found.page->json() == page->json());
  CHECK(r->found.pending);
  CHECK(found(*s, "b") == "b=1");
  CHECK(found(*s, "c") == "-");
  put(*s, {version("b", "2")}, true);
  CHECK(found(*s, "b") == "b=2 ?");
}

TEST_CASE("lmdb: what was committed is there after a restart") {
  const temp_dir dir;
  {
    const auto s = opened(dir / "data");
    put(*s, {version("a", "1"), version("b", "1")});
    put(*s, {version("b", "2")});
  }
  const auto s = opened(dir / "data");
  CHECK(found(*s, "a") == "a=1");
  CHECK(found(*s, "b") == "b=2");
}

TEST_CASE("lmdb: what was committed is there after a process was killed") {
  const temp_dir dir;
  const auto data = dir / "data";
  CHECK(in_child([&] {
          auto s = try_open(data);
          const commit_page p{"ns", "a", version("a", "1"), false};
          return s && (*s)->commit({&p, 1}) ? 7 : 1; // and no destructor runs
        }) == 7);
  CHECK(found(*opened(data), "a") == "a=1");
}

TEST_CASE("lmdb: the map grows by itself, and later opens make room at once") {
  const temp_dir dir;
  std::vector<page_ptr> pages;
  for (int i = 0; i < 48; ++i)
    pages.push_back(page_with_entries("p" + std::to_string(i), 100, 2000));
  for (int round = 0; round < 2; ++round) {
    const auto s = opened(dir / "data", {"ns"}, std::size_t{256} << 10U);
    put(*s, {pages.begin(), pages.begin() + 4}); // and the reader has a transaction
    CHECK(s->load("ns", "p0")->found.page->unmodified(*pages[0]));
    put(*s, pages);
    for (const auto& p : pages)
      CHECK(s->load("ns", std::string{p->id()})->found.page->unmodified(*p));
  }
}

TEST_CASE("lmdb: a second writer in this process is refused, until the first has gone") {
  const temp_dir dir;
  const auto data = dir / "data";
  auto first = opened(data);
  CHECK(refusal(data).find("writes here already") != std::string::npos);
  put(*first, {version("a", "1")});
  CHECK(found(*first, "a") == "a=1");
  first.reset();
  CHECK(found(*opened(data), "a") == "a=1");
}

TEST_CASE("lmdb: a second writer in another process is refused, until the first has gone") {
  const temp_dir dir;
  const auto data = dir / "data";
  const auto child_opens = [&] { return try_open(data).has_value() ? 1 : 0; };
  auto first = opened(data);
  CHECK(in_child(child_opens) == 0);
  CHECK(in_child(child_opens) == 0);
  put(*first, {version("a", "1")});
  CHECK(found(*first, "a") == "a=1");
  first.reset();
  CHECK(in_child(child_opens) == 1);
  CHECK(found(*opened(data), "a") == "a=1");
}

TEST_CASE("lmdb: two directories at once are two stores") {
  const temp_dir dir;
  const auto one = opened(dir / "one");
  const auto two = opened(dir / "two");
  put(*one, {version("a", "1")});
  CHECK(found(*two, "a") == "-");
}

TEST_CASE("lmdb: a directory of another format is refused and left as it is") {
  const temp_dir dir;
  const auto data = dir / "data";
  put(*opened(data), {version("a", "1")});
  const auto file = data + "/data.mdb";
  for (const auto* other : {"format1", "format3", "format9", "formatx"}) {
    const auto before = contents(file);
    REQUIRE(patch(file, "format2", other) > 0);
    const auto patched = contents(file);
    CHECK(refusal(data).find("format") != std::string::npos);
    CHECK(contents(file) == patched);
    overwrite(file, before);
  }
  CHECK(found(*opened(data), "a") == "a=1");
}

TEST_CASE("lmdb: a file that was cut off is refused") {
  const temp_dir dir;
  const auto data = dir / "data";
  const auto file = data + "/data.mdb";
  put(*opened(data), {page_with_entries("a", 100, 500)});
  const auto whole = contents(file);
  for (const std::size_t size :
       {whole.size() - 1, whole.size() - 4096, whole.size() / 2, std::size_t{8192},
        std::size_t{8191}, std::size_t{4097}, std::size_t{4096}, std::size_t{100}}) {
    CAPTURE(size);
    overwrite(file, whole.substr(0, size));
    refusal(data);
  }
  overwrite(file, whole);
  CHECK(opened(data)->load("ns", "a")->found.page->size() == 100);
}

TEST_CASE("lmdb: a file that is no database is refused") {
  const temp_dir dir;
  std::filesystem::create_directory(dir / "data");
  overwrite(dir / "data/data.mdb", std::string(20'000, 'x'));
  refusal(dir / "data");
}

TEST_CASE("lmdb: a damaged record is told, and no page is made of it") {
  const temp_dir dir;
  const auto data = dir / "data";
  put(*opened(data), {version("a", "marker-of-a"), version("b", "1")});
  REQUIRE(patch(data + "/data.mdb", "marker-of-a", "marker-of-x") > 0);
  const auto s = opened(data);
  const auto r = s->load("ns", "a");
  REQUIRE(r.has_value());
  CHECK_FALSE(r->found.page);
  CHECK(r->damage.find("ns/a") != std::string::npos);
  CHECK(r->damage.find("checksum") != std::string::npos);
  CHECK(found(*s, "b") == "b=1");
  put(*s, {version("a", "2")});
  CHECK(found(*s, "a") == "a=2");
}

TEST_CASE("lmdb: a place that cannot be written is refused") {
  const temp_dir dir;
  overwrite(dir / "file", "x");
  refusal(dir / "file");
  refusal(dir / "file/below");
  std::filesystem::create_directory(dir / "data");
  std::filesystem::create_directory(dir / "data/flok.lock");
  refusal(dir / "data");
}

TEST_CASE("lmdb: a full disk fails the commit, and spoils nothing") {
  const temp_dir dir;
  const auto data = dir / "data";
  const auto page = page_with_entries("a", 100, 500);
  const auto work = [&] {
    auto s = try_open(data);
    const commit_page small{"ns", "b", version("b", "1"), false};
    const commit_page large{"ns", "a", page, false};
    if (!s || !(*s)->commit({&small, 1}))
      return 1;
    struct rlimit limit {};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);
    limit.rlim_cur = std::filesystem::file_size(data + "/data.mdb");
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto full = (*s)->commit({&large, 1});
    if (full || full.error().code != errc::storage_failure)
      return 2;
    if (found(**s, "a") != "-" || found(**s, "b") != "b=1")
      return 3;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    return (*s)->commit({&large, 1}) ? 7 : 4;
  };
  CHECK(in_child(work) == 7);
  const auto s = opened(data);
  CHECK(s->load("ns", "a")->found.page->unmodified(*page));
  CHECK(found(*s, "b") == "b=1");
}

TEST_CASE("lmdb: loads go on during commits, and see whole pages only") {
  const temp_dir dir;
  const auto s = opened(dir / "data", {"ns"}, std::size_t{64} << 10U);
  put(*s, {page_with_entries("a", 1), page_with_entries("b", 1)});
  std::atomic<bool> stop{false};
  std::size_t loads = 0, wrong = 0;
  std::thread reader{[&] {
    while (!stop || loads < 100) {
      const auto r = s->load("ns", loads % 2 == 0 ? "a" : "b");
      wrong += r && r->damage.empty() && r->found.page && !r->found.page->empty() ? 0 : 1;
      ++loads;
    }
  }};
  for (std::size_t entries = 1; entries <= 150; ++entries) // the map grows meanwhile
    put(*s, {page_with_entries("a", entries, 500), page_with_entries("b", entries, 500)});
  stop = true;
  reader.join();
  CHECK(wrong == 0);
  CHECK(s->load("ns", "b")->found.page->size() == 150);
}

TEST_CASE("lmdb: namespaces are apart, whatever they are called") {
  const temp_dir dir;
  const strings names = {"a",
                         std::string{"a\0", 2},
                         std::string{"a\0b", 3},
                         "ns/a",
                         "flok",
                         "\xc3\xa9 /\"",
                         std::string(limits::namespace_bytes, 'n')};
  for (int round = 0; round < 2; ++round) {
    const auto s = opened(dir / "data", names);
    for (std::size_t i = 0; i < names.size(); ++i)
      if (round == 0)
        put(*s, {version("id", std::to_string(i))}, false, names[i]);
    for (std::size_t i = 0; i < names.size(); ++i)
      CHECK(found(*s, "id", names[i]) == "id=" + std::to_string(i));
  }
}

TEST_CASE("lmdb: a namespace that is not configured keeps its pages for later") {
  const temp_dir dir;
  put(*opened(dir / "data", {"a"}), {version("x", "1")}, false, "a");
  {
    const auto s = opened(dir / "data", {"b"});
    put(*s, {version("x", "2")}, false, "b");
    const auto r = s->load("a", "x");
    REQUIRE_FALSE(r.has_value());
    CHECK(r.error().code == errc::storage_failure);
    const commit_page p{"a", "x", version("x", "3"), false};
    CHECK_FALSE(s->commit({&p, 1}).has_value());
  }
  const auto s = opened(dir / "data", {"a", "b", "c"});
  CHECK(found(*s, "x", "a") == "x=1");
  CHECK(found(*s, "x", "b") == "x=2");
  CHECK(found(*s, "x", "c") == "-");
}

TEST_CASE("lmdb: ids of any bytes and of the greatest length") {
  const temp_dir dir;
  const auto s = opened(dir / "data");
  const std::string longest(limits::id_bytes, 'x');
  const strings ids = {"a", std::string{"a\0", 2}, std::string{"\0", 1}, longest,
                       longest.substr(1)};
  for (const auto& id : ids)
    put(*s, {version(id, "s" + std::to_string(id.size()))});
  for (const auto& id : ids)
    CHECK(found(*s, id) == id + "=s" + std::to_string(id.size()));
}

TEST_CASE("lmdb: a batch of which one page cannot be kept is not kept at all") {
  const temp_dir dir;
  const auto s = opened(dir / "data");
  const std::vector<commit_page> batch{{"ns", "a", version("a", "1"), false},
                                       {"nowhere", "b", version("b", "1"), false}};
  const auto ok = s->commit(batch);
  REQUIRE_FALSE(ok.has_value());
  CHECK(ok.error().code == errc::storage_failure);
  CHECK(found(*s, "a") == "-");
}

TEST_CASE("a data file that was removed or moved away is no place to keep pages") {
  const bool moved = GENERATE(false, true);
  const temp_dir dir;
  const auto s = opened(dir / "data");
  put(*s, {version("a", "1")});
  if (moved)
    std::filesystem::rename(dir / "data/data.mdb", dir / "elsewhere");
  else
    std::filesystem::remove(dir / "data/data.mdb");
  const commit_page b{"ns", "b", version("b", "1")};
  const auto refused = s->commit({&b, 1});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::storage_failure);
  CHECK(refused.error().message.find("data.mdb was removed") != std::string::npos);
}

TEST_CASE("a data directory may be moved while it is open") {
  const temp_dir dir;
  const auto s = opened(dir / "data");
  std::filesystem::rename(dir / "data", dir / "elsewhere");
  put(*s, {version("a", "1")});
  CHECK(found(*s, "a") == "a=1");
}

TEST_CASE("lmdb: removing flok.lock lets no second writer in for long") {
  const temp_dir dir;
  const auto s = opened(dir / "data");
  std::filesystem::remove(dir / "data/flok.lock");
  put(*s, {version("a", "1")});
  CHECK(refusal(dir / "data").find("another process writes") != std::string::npos);

  std::filesystem::remove(dir / "data/flok.lock");
  const int other = ::open((dir / "data/flok.lock").c_str(), O_RDWR | O_CREAT, 0600);
  REQUIRE(::flock(other, LOCK_EX | LOCK_NB) == 0); // it is there already
  const commit_page b{"ns", "b", version("b", "1")};
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto refused = s->commit({&b, 1});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("another process writes here") != std::string::npos);
  }
  CHECK(found(*s, "b") == "-");
  ::close(other);
  CHECK(s->commit({&b, 1}).has_value());
  CHECK(refusal(dir / "data").find("another process writes") != std::string::npos);
}

} // namespace flok::testing
