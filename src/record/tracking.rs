//! Parameters that follow a reader, and say nothing about the page.
//!
//! Two lists, for two questions. The short one says what may be taken away before a page is asked for: what three
//! keepers of such lists, with many users each, take away on every site. They have shown that no page needs it.
//!
//! | list | where | as of |
//! |---|---|---|
//! | ClearURLs | `data.min.json`, `globalRules` (without referral marketing) | 01428681, 2024 |
//! | Brave | `components/query_filter/browser/utils.cc`, and `clean-urls.json` for `*://*/*` | efaa83d9, 2025; 00de1f57, 2024 |
//! | AdGuard | `TrackParamFilter/sections/general_url.txt` | 002b0661, 2023 |
//!
//! The long list says what does not matter when two addresses are compared. There it suffices that one of the
//! three, or the vendor's own manual (Matomo, AT Internet, Webtrekk, Salesforce, Coremetrics), gives the name to
//! a campaign, a click or a recipient, and that no site is known to name its articles so.

use std::borrow::Cow;

/// What all three lists take away, on every site; in lower case, sorted.
const IN_ALL_THREE_LISTS: [&str; 60] = [
    "__hsfp",
    "__hssc",
    "__hstc",
    "_gl",
    "_hsenc",
    "_openstat",
    "action_object_map",
    "action_ref_map",
    "action_type_map",
    "fb_action_ids",
    "fb_action_types",
    "fb_ref",
    "fb_source",
    "fbclid",
    "gclid",
    "hsctatracking",
    "mc_eid",
    "ml_subscriber",
    "ml_subscriber_hash",
    "msclkid",
    "oly_anon_id",
    "oly_enc_id",
    "rb_clickid",
    "s_cid",
    "twclid",
    "utm_ad",
    "utm_affiliate",
    "utm_brand",
    "utm_campaign",
    "utm_campaignid",
    "utm_channel",
    "utm_cid",
    "utm_content",
    "utm_creative",
    "utm_emcid",
    "utm_emmid",
    "utm_id",
    "utm_keyword",
    "utm_medium",
    "utm_name",
    "utm_place",
    "utm_product",
    "utm_pubreferrer",
    "utm_reader",
    "utm_referrer",
    "utm_serial",
    "utm_session",
    "utm_siteid",
    "utm_social",
    "utm_source",
    "utm_supplier",
    "utm_swu",
    "utm_term",
    "utm_umguk",
    "utm_userid",
    "utm_viz_id",
    "vero_conv",
    "vero_id",
    "wickedid",
    "yclid",
];

/// What else says nothing when two addresses are compared; in lower case, sorted.
const COMPARED_WITHOUT: [&str; 97] = [
    "__io_lv",
    "__twitter_impression",
    "_bhlid",
    "_branch_match_id",
    "_branch_referrer",
    "_ga",
    "_hsmi",
    "_io_session_id",
    "_ke",
    "_kx",
    "at_recipient_id",
    "at_recipient_list",
    "awc",
    "bsft_clkid",
    "bsft_uid",
    "cm_cr",
    "cm_me",
    "cm_mmc",
    "cmp",
    "cmpid",
    "cmpid2",
    "cx_click",
    "cx_recsorder",
    "cx_recswidget",
    "dclid",
    "dpg_campaign",
    "dpg_content",
    "dpg_medium",
    "dpg_source",
    "echobox",
    "erid",
    "et_cid",
    "et_rid",
    "fb_comment_id",
    "ga_campaign",
    "ga_content",
    "ga_medium",
    "ga_source",
    "ga_term",
    "gbraid",
    "gclsrc",
    "gs_l",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "igsh",
    "igshid",
    "irclickid",
    "itm_campaign",
    "itm_content",
    "itm_medium",
    "itm_source",
    "itm_term",
    "li_fat_id",
    "mbid",
    "mc_cid",
    "mc_tc",
    "mkt_tok",
    "ncid",
    "nr_email_referer",
    "ns_campaign",
    "ns_fee",
    "ns_linkname",
    "ns_mchannel",
    "ns_source",
    "ocid",
    "ref_src",
    "ref_url",
    "rtkcid",
    "sc_customer",
    "sc_eh",
    "sc_uid",
    "sfmc_activityid",
    "sfmc_id",
    "smid",
    "sms_click",
    "sms_source",
    "smtyp",
    "soc_src",
    "soc_trk",
    "spm",
    "sr_share",
    "srsltid",
    "ss_email_id",
    "syclid",
    "tracking_source",
    "ttclid",
    "unicorn_click_id",
    "usqp",
    "wbraid",
    "wt_mc",
    "wt_zmc",
    "wtmc",
    "wtrid",
    "xtor",
    "ymclid",
    "ysclid",
];

/// Prefixes of whole families: the campaign labels' many made-up siblings, Matomo's, Piwik's and HubSpot's, AT
/// Internet's (`at_medium`), and Omnisend's.
const FAMILIES: [&str; 8] = ["utm_", "mtm_", "matomo_", "pk_", "piwik_", "hsa_", "at_", "oft_"];

/// Parameters that name an article on some sites, and on others the place where its link stood.
const PLACES: [&str; 6] = ["from", "ref", "referrer", "share", "source", "src"];

/// What such a parameter says where it means the place; sorted.
const CHANNELS: [&str; 30] = [
    "app",
    "atom",
    "email",
    "facebook",
    "fb",
    "feed",
    "feeds",
    "google",
    "google_news",
    "googlenews",
    "home",
    "homepage",
    "instagram",
    "linkedin",
    "mail",
    "newsletter",
    "pinterest",
    "push",
    "reddit",
    "rss",
    "share",
    "sms",
    "social",
    "telegram",
    "topnews",
    "twitter",
    "web",
    "whatsapp",
    "widget",
    "x",
];

/// Whether the parameter of this name is taken away before the page is asked for. The name is compared as it is
/// written, without case.
pub fn is_safe_to_strip(name: &str) -> bool {
    IN_ALL_THREE_LISTS.binary_search(&&*lower(name)).is_ok()
}

/// Whether a parameter is left out when two addresses are compared.
pub fn is_known(name: &str, value: &str) -> bool {
    let name = lower(name);
    let name = &*name;
    IN_ALL_THREE_LISTS.binary_search(&name).is_ok()
        || COMPARED_WITHOUT.binary_search(&name).is_ok()
        || FAMILIES.iter().any(|family| name.starts_with(family))
        || (PLACES.contains(&name) && CHANNELS.binary_search(&&*lower(value)).is_ok())
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_can_be_searched() {
        let lists: [&[&str]; 3] = [&IN_ALL_THREE_LISTS, &COMPARED_WITHOUT, &CHANNELS];
        for list in lists {
            assert!(list.is_sorted(), "{list:?}");
            assert!(list.iter().all(|name| *lower(name) == **name));
        }
        assert!(!COMPARED_WITHOUT.iter().any(|name| is_safe_to_strip(name)), "each name is in one list");
    }

    #[test]
    fn what_may_name_an_article_is_noise_only_where_it_names_a_place() {
        assert!(is_known("ref", "RSS") && is_known("source", "twitter"));
        assert!(!is_known("ref", "12345") && !is_known("source", "story-1") && !is_known("from", ""));
        assert!(!is_known("id", "rss"));
    }
}
