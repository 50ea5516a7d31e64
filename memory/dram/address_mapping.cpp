#include "memory/dram/address_mapping.hpp"

#include <algorithm>
#include <bit>
#include <cctype>
#include <string_view>

#include "core/error.hpp"
#include "memory/dram/dram_card.hpp"

namespace lightloom::memory {
namespace {

constexpr std::array<std::string_view, 7> field_names{"ch", "pc", "ra", "bg", "ba", "ro", "co"};

/// Bits that number `size` things.
int bits_of(std::int64_t size) {
  return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(size) - 1));
}

AddressField field_named(std::string_view name, const std::string& mapping) {
  const auto* found = std::find(field_names.begin(), field_names.end(), name);
  require(found != field_names.end(),
          "mapping '{}' has the unknown field '{}' (known: ch pc ra bg ba ro co)", mapping, name);
  return static_cast<AddressField>(found - field_names.begin());
}

/// Reads digits from `at` on; -1 if there are none, at most 64.
int read_number(const std::string& text, std::size_t& at) {
  int number = -1;
  for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; ++at)
    number = std::min(64, std::max(number, 0) * 10 + (text[at] - '0'));
  return number;
}

std::uint64_t low_mask(int bits) { return (std::uint64_t{1} << bits) - 1; }

}  // namespace

AddressMapping::AddressMapping(const DramCard& card) : text_(card.mapping) {
  const DramOrganization& o = card.organization;
  widths_ = {bits_of(o.channels),    bits_of(o.pseudo_channels), bits_of(o.ranks),
             bits_of(o.bank_groups), bits_of(o.banks_per_group), bits_of(o.rows),
             bits_of(o.columns())};
  offset_bits_ = bits_of(o.atom_bytes());
  pseudo_channels_ = o.pseudo_channels;
  const std::size_t hash = text_.find('^');
  parse_fields(text_.substr(0, hash));
  if (hash != std::string::npos) parse_hashes(text_.substr(hash));
  check_rows(card);
}

void AddressMapping::check_rows(const DramCard& card) {
  const std::int64_t rows = card.organization.rows;
  if (std::has_single_bit(static_cast<std::uint64_t>(rows))) return;
  const Piece& last = pieces_.back();
  const bool leads = last.field == AddressField::row && last.bits == width(AddressField::row);
  const bool hashed = std::any_of(hashes_.begin(), hashes_.end(), [](const Hash& hash) {
    return hash.target == AddressField::row;
  });
  require(leads && !hashed,
          "mapping '{}' does not suit {} rows (no power of two: `ro` must come first, whole and "
          "without a hash of its own, or addresses would name rows that are not there)",
          text_, rows);
  fold_ = static_cast<std::uint64_t>(card.organization.bytes());
}

void AddressMapping::parse_fields(const std::string& text) {
  struct Written {
    AddressField field;
    int bits;  // -1: the whole field
  };
  std::vector<Written> written;
  for (std::size_t at = 0; at < text.size();) {
    const AddressField field = field_named(std::string_view(text).substr(at, 2), text_);
    at += 2;
    const int bits = read_number(text, at);
    written.push_back({field, bits});
  }
  std::array<int, 7> used{};
  int address_bit = offset_bits_;
  for (auto piece = written.rbegin(); piece != written.rend(); ++piece) {
    const auto index = static_cast<std::size_t>(piece->field);
    const int bits = piece->bits < 0 ? widths_[index] : piece->bits;
    require(used[index] + bits <= widths_[index],
            "mapping '{}' uses more than the {} bits of field '{}'", text_, widths_[index],
            field_names[index]);
    if (bits > 0) pieces_.push_back({piece->field, address_bit, used[index], bits});
    used[index] += bits;
    address_bit += bits;
  }
  for (std::size_t i = 0; i < used.size(); ++i)
    require(used[i] == widths_[i], "mapping '{}' places {} of the {} bits of field '{}'", text_,
            used[i], widths_[i], field_names[i]);
}

void AddressMapping::parse_hashes(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    require(at + 6 <= text.size() && text[at] == '^' && text[at + 3] == '=',
            "mapping '{}' has a malformed hash (write for example ^bg=ro or ^ba=ro2)", text_);
    const AddressField target = field_named(std::string_view(text).substr(at + 1, 2), text_);
    const AddressField from = field_named(std::string_view(text).substr(at + 4, 2), text_);
    require(target != from, "mapping '{}' hashes a field with itself", text_);
    at += 6;
    const int shift = std::max(0, read_number(text, at));
    require(shift < 40, "mapping '{}' has a hash that starts at bit {}", text_, shift);
    hashes_.push_back({target, from, shift});
  }
}

DramAddress AddressMapping::decode(std::uint64_t address) const {
  if (fold_ > 0) address %= fold_;
  std::array<std::uint64_t, 7> fields{};
  for (const Piece& p : pieces_)
    fields[static_cast<std::size_t>(p.field)] |= (address >> p.address_bit & low_mask(p.bits))
                                                 << p.field_bit;
  for (const Hash& hash : hashes_) {
    const auto target = static_cast<std::size_t>(hash.target);
    fields[target] ^=
        fields[static_cast<std::size_t>(hash.from)] >> hash.shift & low_mask(widths_[target]);
  }
  return {.unit = static_cast<int>(fields[0]) * pseudo_channels_ + static_cast<int>(fields[1]),
          .rank = static_cast<int>(fields[2]),
          .bank_group = static_cast<int>(fields[3]),
          .bank = static_cast<int>(fields[4]),
          .row = static_cast<std::int64_t>(fields[5]),
          .column = static_cast<int>(fields[6])};
}

std::uint64_t AddressMapping::encode(const DramAddress& a) const {
  std::array<std::uint64_t, 7> fields{static_cast<std::uint64_t>(a.unit / pseudo_channels_),
                                      static_cast<std::uint64_t>(a.unit % pseudo_channels_),
                                      static_cast<std::uint64_t>(a.rank),
                                      static_cast<std::uint64_t>(a.bank_group),
                                      static_cast<std::uint64_t>(a.bank),
                                      static_cast<std::uint64_t>(a.row),
                                      static_cast<std::uint64_t>(a.column)};
  for (auto hash = hashes_.rbegin(); hash != hashes_.rend(); ++hash) {
    const auto target = static_cast<std::size_t>(hash->target);
    fields[target] ^=
        fields[static_cast<std::size_t>(hash->from)] >> hash->shift & low_mask(widths_[target]);
  }
  std::uint64_t address = 0;
  for (const Piece& p : pieces_)
    address |= (fields[static_cast<std::size_t>(p.field)] >> p.field_bit & low_mask(p.bits))
               << p.address_bit;
  return address;
}

}  // namespace lightloom::memory
