// SQLite, in this process.
#include <array>
#include <functional>
#include <stdexcept>

#include <sqlite3.h>

#include "bench/peer.hpp"

namespace flok::bench {

namespace {

struct close_database {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};
struct finalize {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using statement = std::unique_ptr<sqlite3_stmt, finalize>;

class sqlite_peer final : public peer {
public:
  sqlite_peer() {
    sqlite3* db = nullptr;
    const int code = sqlite3_open(":memory:", &db);
    db_.reset(db);
    if (code != SQLITE_OK)
      throw std::runtime_error{"SQLite does not open"};
    step(prepare("CREATE TABLE pages (id TEXT PRIMARY KEY, json TEXT NOT NULL)").get());
    write_ = prepare("INSERT INTO pages VALUES ('page', ?1) "
                     "ON CONFLICT (id) DO UPDATE SET json = ?1");
    read_ = prepare("SELECT json FROM pages WHERE id = 'page'");
  }

  void watch() override {
    for (auto& w : watchers_)
      w = [this](sqlite3_int64 row) { rows_told_ += row > 0 ? 1 : 0; };
    sqlite3_update_hook(
        db_.get(),
        [](void* self, int, const char*, const char*, sqlite3_int64 row) {
          for (const auto& w : static_cast<sqlite_peer*>(self)->watchers_)
            w(row);
        },
        this);
  }

  void write(std::span<const std::string> versions) override {
    const std::size_t before = rows_told_;
    for (const auto& text : versions) {
      sqlite3_bind_text(write_.get(), 1, text.data(), static_cast<int>(text.size()),
                        SQLITE_STATIC);
      step(write_.get());
      sqlite3_reset(write_.get());
    }
    if (watchers_[0] && rows_told_ - before != versions.size() * watchers)
      throw std::runtime_error{"SQLite's hook left out a version"};
  }

  std::size_t read() override {
    if (sqlite3_step(read_.get()) != SQLITE_ROW)
      throw std::runtime_error{sqlite3_errmsg(db_.get())};
    (void)sqlite3_column_text(read_.get(), 0);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(read_.get(), 0));
    sqlite3_reset(read_.get());
    return size;
  }

private:
  statement prepare(const char* sql) {
    sqlite3_stmt* s = nullptr;
    if (sqlite3_prepare_v2(db_.get(), sql, -1, &s, nullptr) != SQLITE_OK)
      throw std::runtime_error{sqlite3_errmsg(db_.get())};
    return statement{s};
  }

  void step(sqlite3_stmt* s) {
    if (sqlite3_step(s) != SQLITE_DONE)
      throw std::runtime_error{sqlite3_errmsg(db_.get())};
  }

  std::unique_ptr<sqlite3, close_database> db_; // closed after the statements are gone
  statement write_;
  statement read_;
  std::array<std::function<void(sqlite3_int64)>, watchers> watchers_;
  std::size_t rows_told_ = 0;
};

} // namespace

std::unique_ptr<peer> start_sqlite() { return std::make_unique<sqlite_peer>(); }

} // namespace flok::bench
