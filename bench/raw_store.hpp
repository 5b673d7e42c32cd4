// LMDB as someone would use it who needs no flok: the floor of the workloads with a disk.
// Records, the environment's flags, and what a commit means are those of
// actors/lmdb_store.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lmdb.h>
#include <simdjson.h>

#include "runtime/page.hpp"

namespace flok::bench {

/// A page as flok's record has it: its JSON, and the index behind.
struct raw_page {
  std::string id;
  std::string body;
};

/// The same pages as texts.
[[nodiscard]] std::vector<raw_page> raw_pages(std::span<const page_ptr> pages);

/// Where flok's page-out would cut these pages, sorted by id, into batches.
[[nodiscard]] std::vector<std::span<const raw_page>>
batches_of(std::span<const page_ptr> pages, std::span<const raw_page> texts);

/// An environment with flok's flags and a map that is large enough from the start.
class raw_store {
public:
  explicit raw_store(const std::string& directory);

  /// Puts a batch in one transaction, which is on disk on return: one cursor, which finds a
  /// sorted key's place from the last one's, and records written where LMDB keeps them.
  void commit(std::span<const raw_page> batch);

  [[nodiscard]] MDB_env* env() const { return env_.get(); }
  [[nodiscard]] MDB_dbi dbi() const { return dbi_; }

private:
  struct close_env {
    void operator()(MDB_env* env) const { mdb_env_close(env); }
  };
  std::unique_ptr<MDB_env, close_env> env_;
  MDB_dbi dbi_ = 0;
};

/// Reads pages of a store, which must outlive it. One thread at a time may use it.
class raw_reader {
public:
  explicit raw_reader(const raw_store& store);
  ~raw_reader();
  raw_reader(const raw_reader&) = delete;
  raw_reader& operator=(const raw_reader&) = delete;

  /// From now on it reads what is committed now.
  void renew();

  /// Gets a record, checks its sum, copies the page, and walks through the copy.
  [[nodiscard]] std::string read(std::string_view id);

  /// What the walks have found, so that none is left out: bytes of ids and signatures.
  [[nodiscard]] std::size_t found() const { return found_; }

private:
  void walk(std::string& json);

  MDB_txn* txn_ = nullptr;
  MDB_dbi dbi_;
  simdjson::ondemand::parser parser_;
  std::size_t found_ = 0;
};

} // namespace flok::bench
