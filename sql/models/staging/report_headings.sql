-- What headings call each section of a radiology report.
-- Grain: heading.
-- Rule: the headings named by MIMIC-CXR's documentation and by its section parser
-- (MIT-LCP/mimic-cxr, txt/), which counted them in the 227,835 reports. Words alone:
-- AND, what is in brackets and all signs are left out, so that FINDINGS IMPRESSION is
-- also FINDINGS/IMPRESSION and FINDINGS AND IMPRESSION. A longer heading is of the
-- section that one of its words names, the impression before all others.
-- Columns:
--   heading: Words of a heading, in capitals.
--   section: The section that the heading begins, as in cohort.cxr_report_sections.
--   may_go_on: Whether more words may follow, as in WET READ VERSION #2.
with

final (heading, section, may_go_on) as (
    values
    ('EXAMINATION', 'examination', false),
    ('EXAMINATIONS', 'examination', false),
    ('EXAM', 'examination', false),
    ('STUDY', 'examination', false),
    ('PROCEDURE', 'examination', false),
    ('TYPE OF EXAM', 'examination', false),
    ('TYPE OF EXAMINATION', 'examination', false),
    ('HISTORY', 'history', false),
    ('CLINICAL HISTORY', 'history', false),
    ('CLINICAL INFORMATION', 'history', false),
    ('CLINICAL SUMMARY', 'history', false),
    ('PATIENT HISTORY', 'history', false),
    ('PFI', 'history', false),
    ('INDICATION', 'indication', false),
    ('INDICATIONS', 'indication', false),
    ('CLINICAL INDICATION', 'indication', false),
    ('HISTORY INDICATION', 'indication', false),
    ('INDICATION HISTORY', 'indication', false),
    ('REASON', 'indication', false),
    ('REASON FOR EXAM', 'indication', false),
    ('REASON FOR THE EXAM', 'indication', false),
    ('REASON FOR EXAMINATION', 'indication', false),
    ('REASON FOR THE EXAMINATION', 'indication', false),
    ('REASON FOR STUDY', 'indication', false),
    ('REASON FOR THE STUDY', 'indication', false),
    ('TECHNIQUE', 'technique', false),
    ('TECHNIQUES', 'technique', false),
    ('COMPARISON', 'comparison', false),
    ('COMPARISONS', 'comparison', false),
    ('COMPARISON EXAM', 'comparison', false),
    ('COMPARISON FILM', 'comparison', false),
    ('COMPARISON STUDY', 'comparison', false),
    ('REFERENCE EXAM', 'comparison', false),
    ('FINDINGS', 'findings', false),
    ('FINDING', 'findings', false),
    ('FINDINGS IMPRESSION', 'findings_and_impression', false),
    ('IMPRESSION FINDINGS', 'findings_and_impression', false),
    ('IMPRESSION', 'impression', false),
    ('IMPRESSIONS', 'impression', false),
    ('CONCLUSION', 'impression', false),
    ('CONCLUSIONS', 'impression', false),
    ('OPINION', 'impression', false),
    ('SUMMARY', 'impression', false),
    ('NOTIFICATION', 'notification', false),
    ('NOTIFICATIONS', 'notification', false),
    ('RECOMMENDATION', 'recommendation', false),
    ('RECOMMENDATIONS', 'recommendation', false),
    ('WET READ', 'wet_read', true),
    ('WETREAD', 'wet_read', false),
    ('ADDENDUM', 'addendum', true),
    ('ADDENDA', 'addendum', false),
    ('FINAL ADDENDUM', 'addendum', true),
    ('FINAL REPORT', 'title', true),
    ('PRELIMINARY REPORT', 'title', true)
)

select * from final
