-- Reports of the built studies, whole and by section.
-- Grain: study_id, of studies with a report that was found.
-- Rule: a section is the text below its heading, by cohort.cxr_report_sections; several
-- of one name are joined by an empty line, in the order of the report, and null stands
-- where there is none. What stands below FINDINGS AND IMPRESSION is in both columns.
-- Columns:
--   text: The whole report as written; `___` stands for what was taken out for privacy.
--   findings: What the radiologist saw.
--   impression: What the radiologist concluded.
--   examination: What was examined and how.
--   indication: Why the study was asked for.
--   history: What was known of the patient.
--   technique: How the images were taken.
--   comparison: Earlier studies that it was compared with.
with

pieces as (
    select
        study_id,
        place,
        section,
        text
    from cohort.cxr_report_sections
    where section <> 'findings_and_impression' and text <> ''
    union all
    select
        study_id,
        place,
        'findings' as section,
        text
    from cohort.cxr_report_sections
    where section = 'findings_and_impression' and text <> ''
    union all
    select
        study_id,
        place,
        'impression' as section,
        text
    from cohort.cxr_report_sections
    where section = 'findings_and_impression' and text <> ''
),

-- The empty line is written out, since BigQuery takes only a literal there. No place is
-- null; `nulls first` is what BigQuery and Spark do, which have no words for it here.
joined as (
    select
        study_id,
        section,
        string_agg(text, '

' order by place nulls first) as text
    from pieces
    group by study_id, section
),

sections as (
    select
        study_id,
        max(case when section = 'findings' then text end) as findings,
        max(case when section = 'impression' then text end) as impression,
        max(case when section = 'examination' then text end) as examination,
        max(case when section = 'indication' then text end) as indication,
        max(case when section = 'history' then text end) as history,
        max(case when section = 'technique' then text end) as technique,
        max(case when section = 'comparison' then text end) as comparison
    from joined
    group by study_id
),

final as (
    select
        studies.study_id,
        studies.subject_id,
        reports.path,
        reports.text,
        sections.findings,
        sections.impression,
        sections.examination,
        sections.indication,
        sections.history,
        sections.technique,
        sections.comparison
    from cohort.studies as studies
    inner join cohort.cxr_reports as reports
        on
            studies.study_id = reports.study_id
            and studies.subject_id = reports.subject_id
    left join sections on studies.study_id = sections.study_id
)

select * from final
