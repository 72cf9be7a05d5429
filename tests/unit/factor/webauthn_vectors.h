/* webauthn_vectors.h: answers of a software authenticator: written by
 * tests/webauthn/make_vectors.py. Relying party localhost, origin http://localhost:3000, challenge
 * VECTOR_CHALLENGE, the user VECTOR_USER; registrations count 1, assertions count 2. */
#ifndef COUNTERSIGN_TESTS_UNIT_FACTOR_WEBAUTHN_VECTORS_H
#define COUNTERSIGN_TESTS_UNIT_FACTOR_WEBAUTHN_VECTORS_H

#define VECTOR_CHALLENGE "wgdC_0erk97wmcCLvSQ-xa5K4d8tIAhAsGaE8ViHHjk"
#define VECTOR_USER "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

static const char vector_registration_es256[] =
    "{\"type\":\"create\",\"credential_response\":{\"id\":\"1seqXWxQ5x7JTIxmEKxBUmiSFnvZKLuwSrZGwz-2_"
    "FQ\",\"rawId\":\"1seqXWxQ5x7JTIxmEKxBUmiSFnvZKLuwSrZGwz-2_FQ\",\"type\":\"public-key\",\"authent"
    "icatorAttachment\":\"cross-platform\",\"clientExtensionResults\":{},\"response\":{\"clientDataJS"
    "ON\":\"eyJ0eXBlIjogIndlYmF1dGhuLmNyZWF0ZSIsICJjaGFsbGVuZ2UiOiAid2dkQ18wZXJrOTd3bWNDTHZTUS14YTVLN"
    "GQ4dElBaEFzR2FFOFZpSEhqayIsICJvcmlnaW4iOiAiaHR0cDovL2xvY2FsaG9zdDozMDAwIiwgImNyb3NzT3JpZ2luIjogZ"
    "mFsc2V9\",\"attestationObject\":\"o2NmbXRmcGFja2VkZ2F0dFN0bXSiY2FsZyZjc2lnWEgwRgIhAJaqcJ8YjOG5hl"
    "y8Mg4tzBd7BcB-Uwdf2ugjKbGa3o3WAiEA_CQnFs_SXbWi9d8KF8dJZ6aeDtZV8QPjPBGAfrDGMUNoYXV0aERhdGFYpEmWDe"
    "WIDoxodDQXD2R2YFuP5K65ooYyx5lc87qDHZdjRQAAAAEAAAAAAAAAAAAAAAAAAAAAACDWx6pdbFDnHslMjGYQrEFSaJIWe9"
    "kou7BKtkbDP7b8VKUBAgMmIAEhWCCkvJq1uH4KaQPz-BNhOCEyFn9k_6j_NGMDJieCXwK7BiJYIL8-wHM-OoMLTUTPpuPCPC"
    "sYuKoHHs6wzChMb8RFguHp\",\"transports\":[\"usb\"]}}}";

static const char vector_assertion_es256[] =
    "{\"type\":\"request\",\"credential_response\":{\"id\":\"1seqXWxQ5x7JTIxmEKxBUmiSFnvZKLuwSrZGwz-2"
    "_FQ\",\"rawId\":\"1seqXWxQ5x7JTIxmEKxBUmiSFnvZKLuwSrZGwz-2_FQ\",\"type\":\"public-key\",\"authen"
    "ticatorAttachment\":\"cross-platform\",\"clientExtensionResults\":{},\"response\":{\"clientDataJ"
    "SON\":\"eyJ0eXBlIjogIndlYmF1dGhuLmdldCIsICJjaGFsbGVuZ2UiOiAid2dkQ18wZXJrOTd3bWNDTHZTUS14YTVLNGQ4"
    "dElBaEFzR2FFOFZpSEhqayIsICJvcmlnaW4iOiAiaHR0cDovL2xvY2FsaG9zdDozMDAwIiwgImNyb3NzT3JpZ2luIjogZmFs"
    "c2V9\",\"authenticatorData\":\"SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAg\",\"signature"
    "\":\"MEUCIFAvxAmDDmZKi8-nxfwEoSlxwE_2ZxPO04zqBE1PBJ_sAiEA5-2z-0LMvEqqx6BUsi2PQFXZiKQGVXdO5SkZrPp"
    "lMRY\",\"userHandle\":\"NmJhN2I4MTAtOWRhZC00MWQxLTgwYjQtMDBjMDRmZDQzMGM4\"}}}";

static const char vector_registration_eddsa[] =
    "{\"type\":\"create\",\"credential_response\":{\"id\":\"wGtw5xZogy9bXgdcwJ-To_8kdhvnGs8WVglA2R5om"
    "n8\",\"rawId\":\"wGtw5xZogy9bXgdcwJ-To_8kdhvnGs8WVglA2R5omn8\",\"type\":\"public-key\",\"authent"
    "icatorAttachment\":\"cross-platform\",\"clientExtensionResults\":{},\"response\":{\"clientDataJS"
    "ON\":\"eyJ0eXBlIjogIndlYmF1dGhuLmNyZWF0ZSIsICJjaGFsbGVuZ2UiOiAid2dkQ18wZXJrOTd3bWNDTHZTUS14YTVLN"
    "GQ4dElBaEFzR2FFOFZpSEhqayIsICJvcmlnaW4iOiAiaHR0cDovL2xvY2FsaG9zdDozMDAwIiwgImNyb3NzT3JpZ2luIjogZ"
    "mFsc2V9\",\"attestationObject\":\"o2NmbXRmcGFja2VkZ2F0dFN0bXSiY2FsZydjc2lnWEDuScn_zBt2i6hFJlNUdM"
    "e8y-rCHZjUJyzFh8RdwKrp_yCTMR4Y1ulx_SzlxGvW3XxvTeR-ykIPH2lHtGmIRfkAaGF1dGhEYXRhWIFJlg3liA6MaHQ0Fw"
    "9kdmBbj-SuuaKGMseZXPO6gx2XY0UAAAABAAAAAAAAAAAAAAAAAAAAAAAgwGtw5xZogy9bXgdcwJ-To_8kdhvnGs8WVglA2R"
    "5omn-kAQEDJyAGIVggevu_sDXs5RBBK3FCN0bP6U9FsBjfDrN5F9pujxEfkgo\",\"transports\":[\"usb\"]}}}";

static const char vector_assertion_eddsa[] =
    "{\"type\":\"request\",\"credential_response\":{\"id\":\"wGtw5xZogy9bXgdcwJ-To_8kdhvnGs8WVglA2R5o"
    "mn8\",\"rawId\":\"wGtw5xZogy9bXgdcwJ-To_8kdhvnGs8WVglA2R5omn8\",\"type\":\"public-key\",\"authen"
    "ticatorAttachment\":\"cross-platform\",\"clientExtensionResults\":{},\"response\":{\"clientDataJ"
    "SON\":\"eyJ0eXBlIjogIndlYmF1dGhuLmdldCIsICJjaGFsbGVuZ2UiOiAid2dkQ18wZXJrOTd3bWNDTHZTUS14YTVLNGQ4"
    "dElBaEFzR2FFOFZpSEhqayIsICJvcmlnaW4iOiAiaHR0cDovL2xvY2FsaG9zdDozMDAwIiwgImNyb3NzT3JpZ2luIjogZmFs"
    "c2V9\",\"authenticatorData\":\"SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAg\",\"signature"
    "\":\"xSvBl6YQcRHAZF7jmqFVscV7sDiScgbmfzMsjQobB_uWse9MbA31rLzaiIocU_HTS5lKvaCC8vVgzm8Ld9gZCQ\",\""
    "userHandle\":\"NmJhN2I4MTAtOWRhZC00MWQxLTgwYjQtMDBjMDRmZDQzMGM4\"}}}";

static const char vector_registration_rs256[] =
    "{\"type\":\"create\",\"credential_response\":{\"id\":\"T7c-ZuyFUV47mtWWqPaYfmmAI5d0g0y_7-hjVkwhW"
    "0U\",\"rawId\":\"T7c-ZuyFUV47mtWWqPaYfmmAI5d0g0y_7-hjVkwhW0U\",\"type\":\"public-key\",\"authent"
    "icatorAttachment\":\"cross-platform\",\"clientExtensionResults\":{},\"response\":{\"clientDataJS"
    "ON\":\"eyJ0eXBlIjogIndlYmF1dGhuLmNyZWF0ZSIsICJjaGFsbGVuZ2UiOiAid2dkQ18wZXJrOTd3bWNDTHZTUS14YTVLN"
    "GQ4dElBaEFzR2FFOFZpSEhqayIsICJvcmlnaW4iOiAiaHR0cDovL2xvY2FsaG9zdDozMDAwIiwgImNyb3NzT3JpZ2luIjogZ"
    "mFsc2V9\",\"attestationObject\":\"o2NmbXRmcGFja2VkZ2F0dFN0bXSiY2FsZzkBAGNzaWdZAQBt_PS8IKKCu6Tnf2"
    "kUn4K1LmW0j4dIGIwkjG_A8KYa922ce0rW7gcxN2A6vjeSLIu0M8wmHkbGpUbPRknvcNlljHRrx8jkcNUsIW_TwBNgfQyh6A"
    "R6ANW_KbZ31iMRMlmHC7rK6m2TMsSTSJRYZCyVDWFHhgFs4lc43jLs8q0k0gygarU_mytdUfTokB7IncYX6uyMxWK97yxtdd"
    "-h4XQRnNuaI8ct_4X17GGF-79fXWhVzUOvFSFim7a36Mr1ZLA-y5BqjreLdp6vYA7cAzgEXJvSoi-G8HmSjcXFUQzBhYs6d2"
    "aNHUp6uNQsFfPLCNPHxjYyvd-MwKbo5ojPZnqUaGF1dGhEYXRhWQFnSZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2"
    "NFAAAAAQAAAAAAAAAAAAAAAAAAAAAAIE-3PmbshVFeO5rVlqj2mH5pgCOXdINMv-_oY1ZMIVtFpAEDAzkBACBZAQCVdN1eWe"
    "eYlcoT7OstB1q5SJKjMeScSShdhTqhZ6zCNx6MhZyyT35O3zXhIgQ6mbtI8IZyqxDRP3p05on_P8xthBo1tQwmSVOt_48_84"
    "iku3SlL50BX8bxVXpO6gg4UviKaj9K2sH55zuGt5xC_AhETrGjOzdrVTYqkZsZQ-Hbnq1TZ-Optr0VsDyQaTy1UsDB_SzaZ8"
    "Zy-bzHFDcMJOMg8CF6Y_HzR_YVK_7ajdgyh1VPTL_b7vquE9YrV8EGvcOyrRr8GlbQKKWbAWjVjhO7S7NPo4eiHTtRJLwlQg"
    "lyP_vLFp_ali-SCzCqR7nJWhmYXnpgQwLns-cyoe3DfwEtIUMBAAE\",\"transports\":[\"usb\"]}}}";

static const char vector_assertion_rs256[] =
    "{\"type\":\"request\",\"credential_response\":{\"id\":\"T7c-ZuyFUV47mtWWqPaYfmmAI5d0g0y_7-hjVkwh"
    "W0U\",\"rawId\":\"T7c-ZuyFUV47mtWWqPaYfmmAI5d0g0y_7-hjVkwhW0U\",\"type\":\"public-key\",\"authen"
    "ticatorAttachment\":\"cross-platform\",\"clientExtensionResults\":{},\"response\":{\"clientDataJ"
    "SON\":\"eyJ0eXBlIjogIndlYmF1dGhuLmdldCIsICJjaGFsbGVuZ2UiOiAid2dkQ18wZXJrOTd3bWNDTHZTUS14YTVLNGQ4"
    "dElBaEFzR2FFOFZpSEhqayIsICJvcmlnaW4iOiAiaHR0cDovL2xvY2FsaG9zdDozMDAwIiwgImNyb3NzT3JpZ2luIjogZmFs"
    "c2V9\",\"authenticatorData\":\"SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAg\",\"signature"
    "\":\"e00rnDiVjU9gn5HpORF2O1qKqEj-W8IoppqreQumGSlZMeOY7s_MTkceXxYaUecYgy4_ii74LVozPI8L_KlwuMVdb3C"
    "xhPuuxqStUWRX5myAqIiskGsR3rm-5w5izOZUS4XrW-QxEA1v4cEtkUhU8KO1kbWJxDN-ftgBZTVIO86vfVxA507bvXnkLvu"
    "xL8gT8MVRLvC-MRpOMm744TO0g7hxA6ESujgviIMgv4dECKHMypBJt5xhPYThBSe7kogyvuJ8vdNWrDisLFNimCUmGjSdbkh"
    "d047dAgJl8ASiP9ccFYqZaJPzP3l6A7iosa-DF6_OeBjFoCkA0hxTKHwB1w\",\"userHandle\":\"NmJhN2I4MTAtOWRhZ"
    "C00MWQxLTgwYjQtMDBjMDRmZDQzMGM4\"}}}";

#endif
