//! Parameters that follow a reader, and say nothing about the page.
//!
//! Two lists, for two questions. The short one says what may be taken away before a page is asked for:
//! the click and recipient ids of Brave's query filter (`components/query_filter/utils.cc`), each of
//! which stands there for every site, and the `utm_` campaign labels as Google Analytics defines them,
//! which link cleaners (ClearURLs, AdGuard's tracking-parameter filter) take away too. Browsers that do
//! so have shown that no page needs them. The long one says what does not matter when two addresses
//! are compared; there it suffices that a tracker or a publisher's "share" link gives the name no other
//! meaning: Matomo, Piwik, AT Internet, the mail and ad services.

/// Campaign labels; compared in lower case.
const CAMPAIGN: [&str; 10] = [
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "utm_id",
    "utm_name",
    "utm_cid",
    "utm_reader",
    "utm_referrer",
];

/// Click and recipient ids; compared in lower case.
const CLICK_IDS: [&str; 26] = [
    "fbclid",
    "gclid",
    "dclid",
    "wbraid",
    "msclkid",
    "twclid",
    "yclid",
    "ysclid",
    "ymclid",
    "mc_eid",
    "ml_subscriber",
    "ml_subscriber_hash",
    "oly_anon_id",
    "oly_enc_id",
    "rb_clickid",
    "s_cid",
    "vero_conv",
    "vero_id",
    "wickedid",
    "_openstat",
    "_hsenc",
    "__hssc",
    "__hstc",
    "__hsfp",
    "hsctatracking",
    "__s",
];

/// What else says nothing when two addresses are compared.
const COMPARED_WITHOUT: [&str; 63] = [
    "_ga",
    "_gl",
    "_ke",
    "_kx",
    "_hsmi",
    "_branch_match_id",
    "_branch_referrer",
    "action_object_map",
    "action_ref_map",
    "action_type_map",
    "fb_action_ids",
    "fb_action_types",
    "fb_ref",
    "fb_source",
    "fb_comment_id",
    "gbraid",
    "gclsrc",
    "ga_source",
    "ga_medium",
    "ga_term",
    "ga_content",
    "ga_campaign",
    "gs_l",
    "igsh",
    "igshid",
    "irclickid",
    "li_fat_id",
    "mc_cid",
    "mkt_tok",
    "mbid",
    "ncid",
    "ocid",
    "nr_email_referer",
    "ns_source",
    "ns_mchannel",
    "ns_campaign",
    "ns_linkname",
    "ns_fee",
    "at_medium",
    "at_campaign",
    "at_custom1",
    "at_custom2",
    "at_custom3",
    "at_custom4",
    "cmpid",
    "cmp",
    "cmpid2",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "smid",
    "smtyp",
    "soc_src",
    "soc_trk",
    "spm",
    "srsltid",
    "ttclid",
    "wt_mc",
    "wtmc",
    "xtor",
    "ref_src",
    "ref_url",
    "feature",
];

/// Prefixes of whole families: the campaign labels' many made-up siblings, Matomo's and Piwik's.
const FAMILIES: [&str; 6] = ["utm_", "mtm_", "matomo_", "pk_", "piwik_", "hsa_"];

/// Whether the parameter of this name is taken away before the page is asked for: the campaign
/// labels and the click ids above. The name is compared as it is written, without case.
pub fn is_safe_to_strip(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    CAMPAIGN.contains(&name.as_str()) || CLICK_IDS.contains(&name.as_str())
}

/// Whether the parameter of this name is left out when two addresses are compared.
pub fn is_known(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_safe_to_strip(&name)
        || COMPARED_WITHOUT.contains(&name.as_str())
        || FAMILIES.iter().any(|family| name.starts_with(family))
}
