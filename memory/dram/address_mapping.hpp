#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace lightloom::memory {

struct DramCard;

/// Where a burst lies in a DRAM.
struct DramAddress {
  int unit = 0;  // channel * pseudo_channels + pseudo-channel
  int rank = 0;
  int bank_group = 0;
  int bank = 0;  // within its group
  std::int64_t row = 0;
  int column = 0;  // in bursts
};

/// The parts of an address.
enum class AddressField { channel, pseudo_channel, rank, bank_group, bank, row, column };

/// A mapping string taken apart: which bits of a byte address are which field.
///
/// The string lists two-letter fields, most significant first (`ro ra bg ba ch pc co`); fields of
/// width 0 vanish. A field may appear twice with a width behind it, e.g. `co3` for three bits of
/// the column: the pieces of a field are joined in the order written. `^` after a mapping adds
/// hashes, e.g. `^bg=ro^ba=ro2` XORs the bank
/// group with the lowest row bits and the bank with the row bits from bit 2 on.
///
/// Addresses beyond the capacity are folded back into it. Rows that are no power of two have to
/// lead the mapping, in one piece and without a hash, so that addresses below the capacity are all
/// there is.
class AddressMapping {
 public:
  /// Throws `Error` for unknown, missing or repeated fields.
  explicit AddressMapping(const DramCard& card);

  [[nodiscard]] DramAddress decode(std::uint64_t address) const;
  /// The byte address of a burst: decode(encode(a)) = a.
  [[nodiscard]] std::uint64_t encode(const DramAddress& address) const;

  struct Piece {
    AddressField field;
    int address_bit;  // lowest bit in the byte address
    int field_bit;    // lowest bit in the field
    int bits;
  };
  /// Pieces of non-zero width, least significant first.
  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }
  [[nodiscard]] int width(AddressField field) const {
    return widths_[static_cast<std::size_t>(field)];
  }
  [[nodiscard]] int offset_bits() const { return offset_bits_; }

 private:
  struct Hash {
    AddressField target, from;
    int shift;  // lowest bit of `from` that is used
  };
  void parse_fields(const std::string& text);
  void parse_hashes(const std::string& text);
  void check_rows(const DramCard& card);

  std::string text_;
  std::array<int, 7> widths_{};
  int offset_bits_ = 0;
  std::uint64_t fold_ = 0;  // capacity in bytes, where it is no power of two
  int pseudo_channels_ = 1;
  std::vector<Piece> pieces_;
  std::vector<Hash> hashes_;
};

}  // namespace lightloom::memory
