"""LLRP 1.0.1, the Low Level Reader Protocol of UHF RFID readers, without I/O: bytes in, values out, and back."""
