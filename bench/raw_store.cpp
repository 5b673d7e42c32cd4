#include "bench/raw_store.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include <xxhash.h>

#include "bench/paged_system.hpp"
#include "runtime/codec.hpp"
#include "runtime/limits.hpp"

namespace flok::bench {

namespace {

constexpr std::size_t header_bytes = 16;
constexpr std::size_t checksum_at = 8;
constexpr char header[header_bytes] = "FLOK\2"; // the rest is zero

/// Address space costs nothing: twice what the largest workload needs.
constexpr std::size_t map_bytes = std::size_t{4} << 30U;

void need(int code) {
  if (code != MDB_SUCCESS)
    throw std::runtime_error{std::string{"LMDB: "} + mdb_strerror(code)};
}

/// How long the JSON is that an index follows, as docs/architecture.md lays it out; pages
/// here have small numbers in theirs.
std::size_t json_bytes_of(std::string_view body) {
  constexpr std::size_t numbers_of_entry = 5;
  constexpr std::size_t hash_and_flags = 5;
  std::array<std::uint16_t, 7> numbers{}; // entries, texts, unescaped, where each id ends
  const std::size_t end = hash_and_flags + sizeof numbers;
  std::memcpy(numbers.data(), body.data() + (body.size() - end), sizeof numbers);
  const std::size_t index = numbers[0] * numbers_of_entry * sizeof(std::uint16_t);
  return body.size() - end - index - numbers[2] - numbers[6];
}

MDB_val to_val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())}; // LMDB reads it only
}

} // namespace

std::vector<raw_page> raw_pages(std::span<const page_ptr> pages) {
  std::vector<raw_page> texts;
  texts.reserve(pages.size());
  for (const auto& p : pages) {
    std::string record;
    append_record(record, *p, false);
    texts.push_back({std::string{p->id()}, record.substr(header_bytes)});
  }
  return texts;
}

std::vector<std::span<const raw_page>> batches_of(std::span<const page_ptr> pages,
                                                  std::span<const raw_page> texts) {
  std::vector<std::span<const raw_page>> batches;
  std::size_t begin = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const std::size_t more = pages[i]->json_bytes_bound();
    if (bytes + more > limits::batch_bytes || i - begin == limits::batch_pages) {
      batches.push_back(texts.subspan(begin, i - begin));
      begin = i;
      bytes = 0;
    }
    bytes += more;
  }
  batches.push_back(texts.subspan(begin));
  return batches;
}

// -- raw_store ----------------------------------------------------------------

raw_store::raw_store(const std::string& directory) {
  MDB_env* env = nullptr;
  need(mdb_env_create(&env));
  env_.reset(env);
  need(mdb_env_set_maxdbs(env, 2));
  need(mdb_env_set_mapsize(env, map_bytes));
  need(mdb_env_open(env, directory.c_str(), MDB_NOTLS | MDB_NORDAHEAD, 0644));
  MDB_txn* txn = nullptr;
  need(mdb_txn_begin(env, nullptr, 0, &txn));
  need(mdb_dbi_open(txn, (std::string{"ns/"} + bench_ns).c_str(), MDB_CREATE, &dbi_));
  need(mdb_txn_commit(txn));
}

void raw_store::commit(std::span<const raw_page> batch) {
  MDB_txn* txn = nullptr;
  MDB_cursor* cursor = nullptr;
  need(mdb_txn_begin(env_.get(), nullptr, 0, &txn));
  need(mdb_cursor_open(txn, dbi_, &cursor));
  for (const auto& p : batch) {
    MDB_val key = to_val(p.id);
    MDB_val data{header_bytes + p.body.size(), nullptr};
    need(mdb_cursor_put(cursor, &key, &data, MDB_RESERVE));
    auto* at = static_cast<char*>(data.mv_data);
    const std::uint64_t sum = XXH3_64bits(p.body.data(), p.body.size());
    std::memcpy(at, header, header_bytes);
    std::memcpy(at + checksum_at, &sum, sizeof sum);
    std::memcpy(at + header_bytes, p.body.data(), p.body.size());
  }
  mdb_cursor_close(cursor);
  need(mdb_txn_commit(txn));
}

// -- raw_reader ---------------------------------------------------------------

raw_reader::raw_reader(const raw_store& store) : dbi_{store.dbi()} {
  need(mdb_txn_begin(store.env(), nullptr, MDB_RDONLY, &txn_));
}

raw_reader::~raw_reader() { mdb_txn_abort(txn_); }

void raw_reader::renew() {
  mdb_txn_reset(txn_);
  need(mdb_txn_renew(txn_));
}

std::string raw_reader::read(std::string_view id) {
  MDB_val key = to_val(id);
  MDB_val data{};
  need(mdb_get(txn_, dbi_, &key, &data));
  const auto* record = static_cast<const char*>(data.mv_data);
  const std::string_view body{record + header_bytes, data.mv_size - header_bytes};
  const std::uint64_t sum = XXH3_64bits(body.data(), body.size());
  if (std::memcmp(record, header, checksum_at) != 0 ||
      std::memcmp(record + checksum_at, &sum, sizeof sum) != 0)
    throw std::runtime_error{"a damaged record"};
  const auto json_bytes = json_bytes_of(body);
  std::string json;
  json.reserve(json_bytes + simdjson::SIMDJSON_PADDING);
  json = body.substr(0, json_bytes);
  walk(json);
  return json;
}

/// Finds the page's id, and each entry's id and signature.
void raw_reader::walk(std::string& json) {
  auto page = parser_.iterate(
      simdjson::padded_string_view{json.data(), json.size(), json.capacity()});
  for (auto field : page.get_object()) {
    const auto name = field.key().value();
    if (name == "_id") {
      found_ += field.value().get_string().value().size();
    } else if (name == "entries") {
      for (auto element : field.value().get_array())
        for (auto member : element.get_object()) {
          const auto key = member.key().value();
          if (key == "_id" || key == "_sig")
            found_ += member.value().get_string().value().size();
        }
    }
  }
}

} // namespace flok::bench
