/* totp.h: codes of RFC 6238 (SHA-1, 30 s, 6 digits) for the load driver, so that it needs no
 * library. Included by load.c alone; neither fast nor constant in time. */
#ifndef COUNTERSIGN_BENCH_TOTP_H
#define COUNTERSIGN_BENCH_TOTP_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void sha1(const uint8_t *data, size_t len, uint8_t out[20])
{
    uint32_t h[5] = { 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0 }, w[80];
    uint8_t block[64];
    size_t total = len + 9, blocks = (total + 63) / 64;
    for (size_t b = 0; b < blocks; b++) {
        for (size_t i = 0; i < 64; i++) {
            size_t at = b * 64 + i, rest = blocks * 64 - at;
            block[i] = at < len    ? data[at]
                       : at == len ? 0x80
                       : rest <= 8 ? (uint8_t)((uint64_t)len * 8 >> (8 * (rest - 1)))
                                   : 0;
        }
        for (int i = 0; i < 16; i++)
            w[i] = (uint32_t)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 |
                   block[4 * i + 3];
#define ROL(x, n) ((x) << (n) | (x) >> (32 - (n)))
        for (int i = 16; i < 80; i++)
            w[i] = ROL(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        uint32_t a = h[0], bb = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20   ? (bb & c) | (~bb & d)
                         : i < 40 ? bb ^ c ^ d
                         : i < 60 ? (bb & c) | (bb & d) | (c & d)
                                  : bb ^ c ^ d;
            uint32_t k = i < 20   ? 0x5A827999
                         : i < 40 ? 0x6ED9EBA1
                         : i < 60 ? 0x8F1BBCDC
                                  : 0xCA62C1D6,
                     t = ROL(a, 5) + f + e + k + w[i];
            e = d;
            d = c;
            c = ROL(bb, 30);
            bb = a;
            a = t;
        }
        h[0] += a;
        h[1] += bb;
        h[2] += c;
        h[3] += d;
        h[4] += e;
    }
    for (int i = 0; i < 20; i++)
        out[i] = h[i / 4] >> (24 - 8 * (i % 4));
}
static void totp(const char *base32, long step, char out[8])
{
    uint8_t key[64] = { 0 }, buf[64 + 20], mac[20];
    size_t len = 0;
    uint32_t acc = 0;
    int bits = 0;
    for (const char *p = base32; *p && *p != '='; p++) {
        acc = acc << 5 | (uint32_t)(*p >= 'A' ? *p - 'A' : *p - '2' + 26);
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            if (len < sizeof key)
                key[len++] = acc >> bits;
        }
    }
    for (int i = 0; i < 64; i++)
        buf[i] = key[i] ^ 0x36;
    for (int i = 0; i < 8; i++)
        buf[64 + i] = (uint64_t)step >> (56 - 8 * i);
    sha1(buf, 72, mac);
    for (int i = 0; i < 64; i++)
        buf[i] = key[i] ^ 0x5c;
    memcpy(buf + 64, mac, 20);
    sha1(buf, 84, mac);
    int o = mac[19] & 15;
    uint32_t v = (uint32_t)(mac[o] & 127) << 24 | mac[o + 1] << 16 | mac[o + 2] << 8 | mac[o + 3];
    snprintf(out, 8, "%06u", v % 1000000);
}

#endif
