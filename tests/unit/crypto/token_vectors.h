/* token_vectors.h: keys and signed tokens with known answers: made by the official server
 * (internals.md §13.2, thrown-away keys), and those of RFC 7515 appendix A and RFC 8037
 * appendix A. Strings only. */
#ifndef COUNTERSIGN_TESTS_UNIT_CRYPTO_TOKEN_VECTORS_H
#define COUNTERSIGN_TESTS_UNIT_CRYPTO_TOKEN_VECTORS_H

/* The official server's: the JWK as in its JWKS (of HS256 the secret one) and a token. */
static const struct {
    const char *alg, *jwk, *token;
} official[] = {
    { "HS256",
      "{\"kty\":\"oct\",\"kid\":\"k-hs\",\"alg\":\"HS256\",\"key_ops\":[\"sign\",\"verify\"],\"k"
      "\":\"OlAAgdHljVJ2JDg5_Wx_5dQmhlTAQ-MXvfd6fHyykV4\"}",
      "eyJhbGciOiJIUzI1NiIsImtpZCI6ImstaHMiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwOi8vaXNzLmV4YW1wbGU"
      "iLCJzdWIiOiI1OTFlYmVlMy1iNGMzLTQ4YjctOGMxNy0xYWM3Y2Q5ZjNhNjciLCJhdWQiOiJhdXRoZW50aWNhdGVkI"
      "iwiZXhwIjoxNzk1NTcwNDEyLCJpYXQiOjE3OTU1NjY4MTIsImVtYWlsIjoidTY0YjYxMWViNDdjNUBleGFtcGxlLmN"
      "vbSIsInBob25lIjoiIiwiYXBwX21ldGFkYXRhIjp7InByb3ZpZGVyIjoiZW1haWwiLCJwcm92aWRlcnMiOlsiZW1ha"
      "WwiXX0sInVzZXJfbWV0YWRhdGEiOnsiZW1haWwiOiJ1NjRiNjExZWI0N2M1QGV4YW1wbGUuY29tIiwiZW1haWxfdmV"
      "yaWZpZWQiOnRydWUsInBob25lX3ZlcmlmaWVkIjpmYWxzZSwic3ViIjoiNTkxZWJlZTMtYjRjMy00OGI3LThjMTctM"
      "WFjN2NkOWYzYTY3In0sInJvbGUiOiJhdXRoZW50aWNhdGVkIiwiYWFsIjoiYWFsMSIsImFtciI6W3sibWV0aG9kIjo"
      "icGFzc3dvcmQiLCJ0aW1lc3RhbXAiOjE3OTU1NjY4MTJ9XSwic2Vzc2lvbl9pZCI6IjE4ZTQ4MWMwLTU4MzQtNDE0O"
      "S05MzkzLTQ5ZWExODg5OGU4MiIsImlzX2Fub255bW91cyI6ZmFsc2V9.KzHssDUyA8KT6upC6ZjoRjM9geic5R5jAD"
      "0Lkim6CGc" },
    { "RS256",
      "{\"alg\":\"RS256\",\"e\":\"AQAB\",\"key_ops\":[\"verify\"],\"kid\":\"k-rs\",\"kty\":\"RSA"
      "\",\"n\":\"teEL6TY32v1r4Nl-bdSxHYAqt959WcPh5kcvSDC49rARZw4evUZfZOPay31edf6ohedFhJpx6ocZL-A"
      "vhaJJtRM0kElX56_lKxcv73TOss0kw6TS1GyxLzdWoaUMaMb644IK8NcUCqVLzceWud0WK5HuQxZe9OrZSzY7tqOCX"
      "9XRaf1IHZf7IXqfSGVm5_JY9jQl4EQvzIHGaLDGVoRVnFAxi61dtCPU9RwbA1MkPTKo098UR6MdX5IbidN8QTx7gCy"
      "9WlwEzDwi34Wf0yoxw4ZGndnYwaOhsyqzhA4OdOzwbl1Bw3mMtXIlqicHZAT34zUDFuCumRu09V0PP_x0GQ\",\"us"
      "e\":\"sig\"}",
      "eyJhbGciOiJSUzI1NiIsImtpZCI6ImstcnMiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwOi8vaXNzLmV4YW1wbGU"
      "iLCJzdWIiOiI1OTFlYmVlMy1iNGMzLTQ4YjctOGMxNy0xYWM3Y2Q5ZjNhNjciLCJhdWQiOiJhdXRoZW50aWNhdGVkI"
      "iwiZXhwIjoxNzk1NTcwNDExLCJpYXQiOjE3OTU1NjY4MTEsImVtYWlsIjoidTY0YjYxMWViNDdjNUBleGFtcGxlLmN"
      "vbSIsInBob25lIjoiIiwiYXBwX21ldGFkYXRhIjp7InByb3ZpZGVyIjoiZW1haWwiLCJwcm92aWRlcnMiOlsiZW1ha"
      "WwiXX0sInVzZXJfbWV0YWRhdGEiOnsiZW1haWwiOiJ1NjRiNjExZWI0N2M1QGV4YW1wbGUuY29tIiwiZW1haWxfdmV"
      "yaWZpZWQiOnRydWUsInBob25lX3ZlcmlmaWVkIjpmYWxzZSwic3ViIjoiNTkxZWJlZTMtYjRjMy00OGI3LThjMTctM"
      "WFjN2NkOWYzYTY3In0sInJvbGUiOiJhdXRoZW50aWNhdGVkIiwiYWFsIjoiYWFsMSIsImFtciI6W3sibWV0aG9kIjo"
      "icGFzc3dvcmQiLCJ0aW1lc3RhbXAiOjE3OTU1NjY4MTF9XSwic2Vzc2lvbl9pZCI6IjlkYzdmM2E4LWE2NTktNGMzZ"
      "C1hNTgzLWFhMTI0NzI3OTUwMiIsImlzX2Fub255bW91cyI6ZmFsc2V9.CTAnT1FmER1uTS9V-4OSCXr4egvLgjzRmf"
      "jXVjqBys0Le1UmPr4fTuCNcwAZeXeKqiSMZbbYpqqiDLJDCWgYGqelYPXNR5W7PsrNOsiNez4SoQLI9atZiZmV9bBk"
      "6-LPX4h4pxRqgHsU-VfTrwZ3MBA_wXCvxWOMxwEXoy8d_JGe7P0LpJwSH7bEgqjwq6ufUAJZCGWr8WEONCbTEU8ntN"
      "2ApUmaohUBj6TnigqXcWfTa_p4Y19ttXvfJcQ-m9H5uYutQZJoinXl3aEaoEyoXrtrWIOWWNp8VdMSsUiO7-OEYdqc"
      "gs8-SZuSsxNjB4Pe7pshXz5DA5FC3rxK_SSV2w" },
    { "RS512",
      "{\"alg\":\"RS512\",\"e\":\"AQAB\",\"key_ops\":[\"verify\"],\"kid\":\"k-rs5\",\"kty\":\"RSA"
      "\",\"n\":\"teEL6TY32v1r4Nl-bdSxHYAqt959WcPh5kcvSDC49rARZw4evUZfZOPay31edf6ohedFhJpx6ocZL-A"
      "vhaJJtRM0kElX56_lKxcv73TOss0kw6TS1GyxLzdWoaUMaMb644IK8NcUCqVLzceWud0WK5HuQxZe9OrZSzY7tqOCX"
      "9XRaf1IHZf7IXqfSGVm5_JY9jQl4EQvzIHGaLDGVoRVnFAxi61dtCPU9RwbA1MkPTKo098UR6MdX5IbidN8QTx7gCy"
      "9WlwEzDwi34Wf0yoxw4ZGndnYwaOhsyqzhA4OdOzwbl1Bw3mMtXIlqicHZAT34zUDFuCumRu09V0PP_x0GQ\",\"us"
      "e\":\"sig\"}",
      "eyJhbGciOiJSUzUxMiIsImtpZCI6ImstcnM1IiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwOi8vaXNzLmV4YW1wbG"
      "UiLCJzdWIiOiI1OTFlYmVlMy1iNGMzLTQ4YjctOGMxNy0xYWM3Y2Q5ZjNhNjciLCJhdWQiOiJhdXRoZW50aWNhdGVk"
      "IiwiZXhwIjoxNzk1NTcwNDEyLCJpYXQiOjE3OTU1NjY4MTIsImVtYWlsIjoidTY0YjYxMWViNDdjNUBleGFtcGxlLm"
      "NvbSIsInBob25lIjoiIiwiYXBwX21ldGFkYXRhIjp7InByb3ZpZGVyIjoiZW1haWwiLCJwcm92aWRlcnMiOlsiZW1h"
      "aWwiXX0sInVzZXJfbWV0YWRhdGEiOnsiZW1haWwiOiJ1NjRiNjExZWI0N2M1QGV4YW1wbGUuY29tIiwiZW1haWxfdm"
      "VyaWZpZWQiOnRydWUsInBob25lX3ZlcmlmaWVkIjpmYWxzZSwic3ViIjoiNTkxZWJlZTMtYjRjMy00OGI3LThjMTct"
      "MWFjN2NkOWYzYTY3In0sInJvbGUiOiJhdXRoZW50aWNhdGVkIiwiYWFsIjoiYWFsMSIsImFtciI6W3sibWV0aG9kIj"
      "oicGFzc3dvcmQiLCJ0aW1lc3RhbXAiOjE3OTU1NjY4MTJ9XSwic2Vzc2lvbl9pZCI6ImNjNWUyYmQwLWFiOTMtNDM0"
      "Yy04MTk0LTVlMjAxNTE5MDlmMCIsImlzX2Fub255bW91cyI6ZmFsc2V9.oWAorSLGN37D7v5Z2pMcImutVvIc5S5Bm"
      "XcPO96jF7k5D0Ibi--TWrVh4Yni28wV9UlM3N9gsqRpXcetTyu1weNeiloP1o3hVKS3PIxjovswFo__y4A1jsQLcc8"
      "IlpsLzhVchJ8s9zP3qcEi1JkETsxZ9uZlVfrYnNJclj5Uiwk80yw7QdmHKwe8WjSSIEljvyt_fkUM5A37bhIb27xKB"
      "DkIPIfVgu-X_L-_64z0UlDMnRtBhibB5vyq300LeYhEqdXkMJ8kPiDGV_vmO8lJ-bqCVBuEV5Lwx6MrQciafg66Jug"
      "EznHeLztDp34qgQNlf8NGqNEMpKihZBgu286teg" },
    { "ES256",
      "{\"alg\":\"ES256\",\"crv\":\"P-256\",\"ext\":true,\"key_ops\":[\"verify\"],\"kid\":\"k-es"
      "\",\"kty\":\"EC\",\"use\":\"sig\",\"x\":\"7xWA-APr_2ZdSvqn1aYHDWNwLqB3OtLwuXGfNd5Qcr8\",\""
      "y\":\"x9WvYY4AvoDU-tOqD45akiwAitq6Lc3K2e9JzpFmAew\"}",
      "eyJhbGciOiJFUzI1NiIsImtpZCI6ImstZXMiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwOi8vaXNzLmV4YW1wbGU"
      "iLCJzdWIiOiI1OTFlYmVlMy1iNGMzLTQ4YjctOGMxNy0xYWM3Y2Q5ZjNhNjciLCJhdWQiOiJhdXRoZW50aWNhdGVkI"
      "iwiZXhwIjoxNzk1NTcwNDEyLCJpYXQiOjE3OTU1NjY4MTIsImVtYWlsIjoidTY0YjYxMWViNDdjNUBleGFtcGxlLmN"
      "vbSIsInBob25lIjoiIiwiYXBwX21ldGFkYXRhIjp7InByb3ZpZGVyIjoiZW1haWwiLCJwcm92aWRlcnMiOlsiZW1ha"
      "WwiXX0sInVzZXJfbWV0YWRhdGEiOnsiZW1haWwiOiJ1NjRiNjExZWI0N2M1QGV4YW1wbGUuY29tIiwiZW1haWxfdmV"
      "yaWZpZWQiOnRydWUsInBob25lX3ZlcmlmaWVkIjpmYWxzZSwic3ViIjoiNTkxZWJlZTMtYjRjMy00OGI3LThjMTctM"
      "WFjN2NkOWYzYTY3In0sInJvbGUiOiJhdXRoZW50aWNhdGVkIiwiYWFsIjoiYWFsMSIsImFtciI6W3sibWV0aG9kIjo"
      "icGFzc3dvcmQiLCJ0aW1lc3RhbXAiOjE3OTU1NjY4MTJ9XSwic2Vzc2lvbl9pZCI6IjZmY2VjY2QyLTNlNjktNGJjN"
      "i05Nzk3LTVjZDVlNGNlZjczYyIsImlzX2Fub255bW91cyI6ZmFsc2V9.rBXA7abcBWHgIIQhuVSQ-usmY-5oHYpGHu"
      "3YJHR9CtHj9FkAKUHGzynS2dDJwiQZWXdw2BwXTtFkbOyT0X7haw" },
    { "ES512",
      "{\"alg\":\"ES512\",\"crv\":\"P-521\",\"key_ops\":[\"verify\"],\"kid\":\"k-es5\",\"kty\":\""
      "EC\",\"use\":\"sig\",\"x\":\"AbRHuUUIGGRp_LvOK6R3qkFSfAlFRsZaudEhwsJlNZ93wUu5-m9k-cQpUf6tw"
      "zEL4k0Xilgj250yiqgbXmA7AKhI\",\"y\":\"AeCp_txrh5A8TfZqyp76mLZTAug8XGK7x1veQBVl_rbJMYSsvg2V"
      "sUAS4-jR4LjW06GNQrBHvbcwW0iGgdfZwd3b\"}",
      "eyJhbGciOiJFUzUxMiIsImtpZCI6ImstZXM1IiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwOi8vaXNzLmV4YW1wbG"
      "UiLCJzdWIiOiI1OTFlYmVlMy1iNGMzLTQ4YjctOGMxNy0xYWM3Y2Q5ZjNhNjciLCJhdWQiOiJhdXRoZW50aWNhdGVk"
      "IiwiZXhwIjoxNzk1NTcwNDEyLCJpYXQiOjE3OTU1NjY4MTIsImVtYWlsIjoidTY0YjYxMWViNDdjNUBleGFtcGxlLm"
      "NvbSIsInBob25lIjoiIiwiYXBwX21ldGFkYXRhIjp7InByb3ZpZGVyIjoiZW1haWwiLCJwcm92aWRlcnMiOlsiZW1h"
      "aWwiXX0sInVzZXJfbWV0YWRhdGEiOnsiZW1haWwiOiJ1NjRiNjExZWI0N2M1QGV4YW1wbGUuY29tIiwiZW1haWxfdm"
      "VyaWZpZWQiOnRydWUsInBob25lX3ZlcmlmaWVkIjpmYWxzZSwic3ViIjoiNTkxZWJlZTMtYjRjMy00OGI3LThjMTct"
      "MWFjN2NkOWYzYTY3In0sInJvbGUiOiJhdXRoZW50aWNhdGVkIiwiYWFsIjoiYWFsMSIsImFtciI6W3sibWV0aG9kIj"
      "oicGFzc3dvcmQiLCJ0aW1lc3RhbXAiOjE3OTU1NjY4MTJ9XSwic2Vzc2lvbl9pZCI6Ijc0YzFmMWE0LTU0NDktNGU3"
      "MC1iZGY3LTkxY2UwOTFkNWQzZiIsImlzX2Fub255bW91cyI6ZmFsc2V9.AJKudlPgC0Hge2znAHpjhzxbQlRBbG9W3"
      "39rWYeSXeeXN1BFzmLmxanPzGkxEyNaeGvVQA4w3BXVcYLZlziH0DNaANia9s1GyPBtVQSzhEQXUAPCoB1RUkrnpbq"
      "74dFR8T5uRKsnlKpJcD4Rx6OfYMWOLxQetESL92mNKnYLtOSYojWQ" },
    { "EdDSA",
      "{\"alg\":\"EdDSA\",\"crv\":\"Ed25519\",\"key_ops\":[\"verify\"],\"kid\":\"k-ed\",\"kty\":"
      "\"OKP\",\"use\":\"sig\",\"x\":\"3Pi8pT2Ql33bacaxDPMRDCcC6lVyXwgQYOPWTtRsQs4\"}",
      "eyJhbGciOiJFZERTQSIsImtpZCI6ImstZWQiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwOi8vaXNzLmV4YW1wbGU"
      "iLCJzdWIiOiI1OTFlYmVlMy1iNGMzLTQ4YjctOGMxNy0xYWM3Y2Q5ZjNhNjciLCJhdWQiOiJhdXRoZW50aWNhdGVkI"
      "iwiZXhwIjoxNzk1NTcwNDEyLCJpYXQiOjE3OTU1NjY4MTIsImVtYWlsIjoidTY0YjYxMWViNDdjNUBleGFtcGxlLmN"
      "vbSIsInBob25lIjoiIiwiYXBwX21ldGFkYXRhIjp7InByb3ZpZGVyIjoiZW1haWwiLCJwcm92aWRlcnMiOlsiZW1ha"
      "WwiXX0sInVzZXJfbWV0YWRhdGEiOnsiZW1haWwiOiJ1NjRiNjExZWI0N2M1QGV4YW1wbGUuY29tIiwiZW1haWxfdmV"
      "yaWZpZWQiOnRydWUsInBob25lX3ZlcmlmaWVkIjpmYWxzZSwic3ViIjoiNTkxZWJlZTMtYjRjMy00OGI3LThjMTctM"
      "WFjN2NkOWYzYTY3In0sInJvbGUiOiJhdXRoZW50aWNhdGVkIiwiYWFsIjoiYWFsMSIsImFtciI6W3sibWV0aG9kIjo"
      "icGFzc3dvcmQiLCJ0aW1lc3RhbXAiOjE3OTU1NjY4MTJ9XSwic2Vzc2lvbl9pZCI6IjExZGE0MjIwLTlkZDctNDYxZ"
      "i1hNTgyLWFmYWE4N2MzN2M3NyIsImlzX2Fub255bW91cyI6ZmFsc2V9.aaEzuqk6iwUj0GDZ8BgKSQbQaaGfYQbUBi"
      "EofdKpK-4hlOPC6EDfUeDLLikZkfJZcHjzPnKhlrYyyOlHWBplAA" },
};

/* Members of JWKs, to be put between braces. */
/* RFC 7515 A.2.1 */
#define RFC_RSA_PUBLIC                                                                             \
    "\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-V"   \
    "aw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7"   \
    "OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3"   \
    "qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRW"   \
    "yuXpoQ\",\"e\":\"AQAB\""
/* its private exponent */
#define RFC_RSA_D                                                                                  \
    "\"d\":\"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-"   \
    "7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzj"   \
    "kn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5T"   \
    "w8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ\""
/* and its other private numbers */
#define RFC_RSA_CRT                                                                                \
    "\"p\":\"4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9"   \
    "AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc"    \
    "\",\"q\":\"uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj"   \
    "7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RW"   \
    "dc\",\"dp\":\"BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBf"   \
    "pT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQ"   \
    "AdYo0\",\"dq\":\"h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719"   \
    "rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqv"   \
    "d0tIiTHU\",\"qi\":\"IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq"   \
    "2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0J"   \
    "KSHuLFkuQ3U\""
/* RFC 7515 A.3.1 */
#define RFC_P256_PUBLIC                                                                            \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y"   \
    "\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define RFC_P256_D "\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\""
/* made for this test */
#define P521_PUBLIC                                                                                \
    "\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"ATIaCGtojE7c3ZT05MVaJ6FGFkiC6_R7K7mn2TSj2M2Cx_JMr"   \
    "2wAshv4KbQnoO7_DLAWDV5UIL5iiyZYzld5K8P-\",\"y\":\"AVgL1A8fsRl_3D0gQliHNG1Tt_ei8bzeuaK7nxI1"   \
    "rRU0OZvh3l9CyVEBg3tmm7UGCek1FL9o1A4R9zNaSycPY4qb\""
#define P521_D                                                                                     \
    "\"d\":\"AS8Fje2rbb4tD9fM8gERsJHct1BaJz0bZxfujL5Je5lhLl7ee1tScOnI_7k99Ukr2_Xn4d4j-3yyAXxzEw"   \
    "RbaRWD\""
/* RFC 8037 A.2 */
#define RFC_ED_PUBLIC                                                                              \
    "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
/* RFC 8037 A.1 */
#define RFC_ED_D "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\""

/* RFC 7515 A.1, base64url */
static const char rfc_hs256_secret[] =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
/* RFC 7515 A.1 */
static const char rfc_hs256[] =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogI"
    "mh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/* RFC 7515 A.2 */
static const char rfc_rs256[] =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlL"
    "mNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
    "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWz"
    "O75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZES"
    "c6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlU"
    "PQGe77Rw";
/* RFC 7515 A.3 */
static const char rfc_es256[] =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlL"
    "mNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
    "pmWQxfKTUJqPP3-Kg6NU1Q";
/* RFC 8037 A.4 */
static const char rfc_eddsa[] =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGc"
    "vMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

#endif
