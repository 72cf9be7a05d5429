/* test_password.c: known hashes of every form, bounds of the imported ones, and the time that
 * failures take. */
#include "crypto/password.h"

#include "base/clock.h"

#include "testing.h"

#define FIREBASE                                                                                   \
    "ss=Bw==,sk="                                                                                  \
    "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9W"          \
    "mXA==$42xEC+ixf3L2lw=="
#define FIREBASE_HASH                                                                              \
    "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="
#define SALT_AND_HASH "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

static const struct {
    const char *hash, *password;
} known[] = {
    /* crypt_blowfish's own tests */
    { "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U" },
    { "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U" },
    { "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U" },
    { "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U" },
    { "$2$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U" },
    { "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*" },
    { "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U" },
    { "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", "" },
    /* jBCrypt's own test */
    { "$2a$10$k1wbIrmNyFAPwPVPSVa/zecw2BCEnBwVS2GbrmgzxFUOqW9dk4TCW", "" },
    /* the tests of the argon2 reference implementation */
    { "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
      "password" },
    { "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
      "password" },
    { "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
      "password" },
    { "$argon2id$v=19$m=65536,t=2,p=1$" SALT_AND_HASH, "password" },
    /* Firebase's own example */
    { "$fbscrypt$v=1,n=14,r=8,p=1," FIREBASE "$" FIREBASE_HASH, "user1password" },
};

static void known_hashes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        char wrong[80];
        snprintf(wrong, sizeof wrong, "%sx", known[i].password);
        if (!password_hash_readable(known[i].hash) ||
            !password_verify(known[i].hash, known[i].password)) {
            fail_msg("%s", known[i].hash);
        }
        assert_false(password_verify(known[i].hash, wrong));
    }
}

static void new_hashes(void **state)
{
    struct entropy entropy = entropy_system();
    char *one = arena_strdup(*state, password_hash(*state, &entropy,
                                                   "pass\xff\xa3"
                                                   "word"));
    const char *two = password_hash(*state, &entropy,
                                    "pass\xff\xa3"
                                    "word");
    assert_int_equal(strlen(one), 60);
    assert_int_equal(strncmp(one, "$2a$10$", 7), 0);
    assert_string_not_equal(one, two);
    assert_true(password_verify(one, "pass\xff\xa3"
                                     "word"));
    assert_false(password_verify(one, "pass\xff\xa3"
                                      "worD"));
    assert_false(password_verify(one, ""));
    assert_false(password_hash_stale(one));
    one[2] = 'b'; /* the same under the official server, whatever the letter */
    assert_true(password_verify(one, "pass\xff\xa3"
                                     "word"));
}

static void seventy_two_bytes(void **state)
{
    struct entropy entropy = entropy_system();
    char text[75];
    memset(text, 'p', sizeof text);
    text[72] = '\0';
    const char *hash = password_hash(*state, &entropy, text);
    assert_true(password_verify(hash, text));
    text[71] = 'q';
    assert_false(password_verify(hash, text));
    text[71] = text[72] = 'p';
    text[73] = '\0';
    assert_false(password_verify(hash, text));
    assert_null(password_hash(*state, &entropy, text));
}

static void unreadable_hashes(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "x",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWW",
        "$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$19$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$32$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$5$CCCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC-E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2c$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$1a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$6$salt$hash",
        "$argon2d$v=19$m=65536,t=2,p=1$" SALT_AND_HASH,
        "$argon2id$v=16$m=65536,t=2,p=1$" SALT_AND_HASH,
        "$argon2id$m=65536,t=2,p=1$" SALT_AND_HASH,
        "$argon2id$v=19$m=1048577,t=2,p=1$" SALT_AND_HASH,
        "$argon2id$v=19$m=99999999999999999999,t=2,p=1$" SALT_AND_HASH,
        "$argon2id$v=19$m=65536,t=21,p=1$" SALT_AND_HASH,
        "$argon2id$v=19$m=65536,t=0,p=1$" SALT_AND_HASH,
        "$argon2id$v=19$m=65536,t=2,p=0$" SALT_AND_HASH,
        "$argon2id$v=19$m=65536,t=2,p=17$" SALT_AND_HASH,
        "$argon2id$v=19$m=15,t=2,p=2$" SALT_AND_HASH,
        "$argon2id$v=19$m=065536,t=2,p=1$" SALT_AND_HASH,
        "$argon2id$v=19$m=+65536,t=2,p=1$" SALT_AND_HASH,
        "$argon2id$v=19$m=65536,t=2,p=1,keyid=AAAA$" SALT_AND_HASH,
        "$argon2id$v=19$m=65536,t=2,p=1,data=AAAA$" SALT_AND_HASH,
        "$argon2id$v=19$t=2,m=65536,p=1$" SALT_AND_HASH,
        "$argon2id$v=19$m=65536,t=2,p=1$" SALT_AND_HASH "=",
        "$argon2id$v=19$m=65536,t=2,p=1$" SALT_AND_HASH "$",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$",
        "$argon2id$v=19$m=65536,t=2,p=1$$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$AAAA",
        "$fbscrypt$v=1,n=14,r=8,p=1," FIREBASE,
        "$fbscrypt$v=1,n=14,r=8,p=1," FIREBASE "$",
        "$fbscrypt$v=1,n=14,r=8,p=1," FIREBASE "$" FIREBASE_HASH "$",
        "$fbscrypt$v=2,n=14,r=8,p=1," FIREBASE "$" FIREBASE_HASH,
        "$fbscrypt$v=1,n=0,r=8,p=1," FIREBASE "$" FIREBASE_HASH,
        "$fbscrypt$v=1,n=14,r=0,p=1," FIREBASE "$" FIREBASE_HASH,
        "$fbscrypt$v=1,n=14,r=8,p=0," FIREBASE "$" FIREBASE_HASH,
        "$fbscrypt$v=1,n=14,r=8,p=256," FIREBASE "$" FIREBASE_HASH,
        "$fbscrypt$v=1,n=19,r=8,p=1," FIREBASE "$" FIREBASE_HASH,
        "$fbscrypt$v=1,n=14,r=1024,p=1," FIREBASE "$" FIREBASE_HASH,
        "$fbscrypt$v=1,n=18,r=8,p=9," FIREBASE "$" FIREBASE_HASH,
        "$fbscrypt$v=1,n=17,r=1,p=1," FIREBASE "$" FIREBASE_HASH,
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=,sk=AAAA$AAAA$AAAA",
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=AAAA,sk=$AAAA$AAAA",
        "$fbscrypt$v=1,n=14,r=8,p=1,sk=AAAA,ss=AAAA$AAAA$AAAA",
        "$fbscrypt$v=1,n=14,r=8,p=1$$AAAA",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        if (password_hash_readable(wrong[i])) {
            fail_msg("readable: %s", wrong[i]);
        }
        assert_false(password_hash_stale(wrong[i]));
    }
}

static void readable_without_fitting_anything(void **state)
{
    (void)state;
    static const char text[] = "$fbscrypt$v=1,n=2,r=8,p=1$AAAA$AAAA"; /* no signer key */
    assert_true(password_hash_readable(text));
    assert_false(password_verify(text, "password"));
    assert_true(password_hash_readable("$fbscrypt$v=1,n=14,r=8,p=255,sk=AAAA$AAAA$AAAA") ==
                false); /* too much work */
    assert_true(password_hash_readable("$fbscrypt$v=1,n=15,r=8,p=1,ss=AAAA$AAAA$AAAA"));
    assert_true(password_hash_readable("$argon2i$v=19$m=1048576,t=20,p=16$" SALT_AND_HASH));
}

static void stale_hashes(void **state)
{
    (void)state;
    for (int cost = 4; cost <= 18; cost++) {
        char hash[80];
        snprintf(hash, sizeof hash,
                 "$2a$%02d$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", cost);
        assert_int_equal(password_hash_stale(hash), cost < 5 || cost > 10);
    }
    assert_false(password_hash_stale("$argon2id$v=19$m=65536,t=2,p=1$" SALT_AND_HASH));
}

/* Microseconds of the fastest of three tries. */
static int64_t time_of(bool (*what)(const char *), const char *text)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < 3; i++) {
        int64_t start = clock_steady_us();
        assert_false(what(text));
        int64_t took = clock_steady_us() - start;
        best = took < best ? took : best;
    }
    return best;
}

static bool against_cost_10(const char *password)
{
    return password_verify("$2a$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                           password);
}

static bool against_rubbish(const char *password)
{
    return password_verify("rubbish", password);
}

static void failures_take_equal_time(void **state)
{
    (void)state;
    char long_text[100];
    memset(long_text, 'p', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    int64_t real = time_of(against_cost_10, "password");
    int64_t others[] = { time_of(password_verify_nobody, "password"),
                         time_of(against_rubbish, "password"),
                         time_of(against_cost_10, long_text) };
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_true(others[i] > real / 4 && others[i] < real * 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_hashes),
        ARENA_TEST(new_hashes),
        ARENA_TEST(seventy_two_bytes),
        cmocka_unit_test(unreadable_hashes),
        cmocka_unit_test(readable_without_fitting_anything),
        cmocka_unit_test(stale_hashes),
        cmocka_unit_test(failures_take_equal_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
