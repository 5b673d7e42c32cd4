#include "runtime/page_builder.hpp"

#include <cstring>

#include "runtime/limits.hpp"

namespace flok {

namespace {

/// Appends and tells where the bytes end.
std::uint32_t put(char* base, std::uint32_t at, std::string_view bytes) {
  if (!bytes.empty())
    std::memcpy(base + at, bytes.data(), bytes.size());
  return at + static_cast<std::uint32_t>(bytes.size());
}

/// Whether the name is a piece of the text, rather than unescaped to somewhere else.
bool lies_in(std::string_view name, std::string_view text) {
  return name.data() >= text.data() &&
         name.data() + name.size() <= text.data() + text.size();
}

} // namespace

/// What a part takes in a buffer: its text, and its name where that is no piece of it.
std::size_t page_builder::bytes_of(const part& p) {
  return p.text.size() + (lies_in(p.name, p.text) ? 0 : p.name.size());
}

void page_builder::add(std::string_view name, std::string_view signature,
                       std::string_view text) {
  parts_.push_back({name, signature, text, false});
}

void page_builder::keep(const page& from, std::size_t index) {
  from_ = &from;
  const auto entry = from.entry(index);
  parts_.push_back({entry.name, entry.signature, from.raw_text(index), true});
}

bool page_builder::must_rebuild() const {
  if (from_ == nullptr)
    return false; // all is copied into one buffer anyway
  std::size_t used = 0;
  std::size_t added = 0;
  for (const auto& p : parts_) {
    used += p.text.size();
    added += p.kept ? 0 : bytes_of(p);
  }
  return from_->kept_alive_bytes() + added > limits::kept_alive_factor * used ||
         from_->sources_.size() >= limits::page_sources;
}

/// Fills in all but the texts: the table and what the hash covers.
void page_builder::lay_out(page& p) const {
  std::size_t hashed = id_.size();
  for (const auto& id : {head_, next_, prev_})
    hashed += id ? id->size() : 0;
  for (const auto& part : parts_)
    hashed += part.signature.size();
  p.kind_ = kind_;
  p.size_ = static_cast<std::uint32_t>(parts_.size());
  p.hashed_size_ = static_cast<std::uint32_t>(hashed);
  p.table_ =
      std::make_unique_for_overwrite<char[]>(parts_.size() * sizeof(page::slot) + hashed);
  auto* slots = reinterpret_cast<page::slot*>(p.table_.get());
  char* base = p.table_.get() + parts_.size() * sizeof(page::slot);
  p.pointers_ =
      static_cast<std::uint8_t>((head_ ? 1U : 0U) | (next_ ? 2U : 0U) | (prev_ ? 4U : 0U));
  p.head_end_ = put(base, 0, head_.value_or(std::string_view{}));
  p.next_end_ = put(base, p.head_end_, next_.value_or(std::string_view{}));
  p.prev_end_ = put(base, p.next_end_, prev_.value_or(std::string_view{}));
  p.id_end_ = put(base, p.prev_end_, id_);
  std::uint32_t at = p.id_end_;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto& part = parts_[i];
    at = put(base, at, part.signature);
    auto& slot = *std::construct_at(slots + i);
    slot.text = part.text.data();
    slot.size = static_cast<std::uint32_t>(part.text.size());
    if (part.kept || lies_in(part.name, part.text))
      slot.name = static_cast<std::int32_t>(part.name.data() - part.text.data());
    slot.name_size = static_cast<std::uint32_t>(part.name.size());
    slot.signature_end = at;
    p.used_ += part.text.size();
  }
}

/// Copies the texts of new entries, or of all of them, into a buffer of the page's own.
void page_builder::copy_texts(page& p, bool all) const {
  std::size_t bytes = 0;
  for (const auto& part : parts_)
    if (all || !part.kept)
      bytes += bytes_of(part);
  if (!all && from_ != nullptr)
    p.sources_ = from_->sources_;
  if (bytes == 0)
    return;
  auto buffer = std::make_shared_for_overwrite<char[]>(bytes);
  auto* slots = reinterpret_cast<page::slot*>(p.table_.get());
  char* at = buffer.get();
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto& part = parts_[i];
    if (part.kept && !all)
      continue;
    slots[i].text = at;
    std::memcpy(at, part.text.data(), part.text.size());
    at += part.text.size();
    if (lies_in(part.name, part.text))
      continue; // its place in the text is the same in the copy
    slots[i].name = static_cast<std::int32_t>(part.text.size());
    at = buffer.get() +
         put(buffer.get(), static_cast<std::uint32_t>(at - buffer.get()), part.name);
  }
  p.sources_.push_back({std::move(buffer), static_cast<std::uint32_t>(bytes)});
}

page_ptr page_builder::finish() {
  auto p = std::make_shared<page>();
  lay_out(*p);
  copy_texts(*p, must_rebuild());
  p->sources_.shrink_to_fit();
  p->hash_ = hash_ ? *hash_ : p->rehash();
  return p;
}

} // namespace flok
