-- Grain: dicom_id.
select
    dicom_id,
    subject_id,
    study_id,
    row_hash,
    view as ViewPosition,
    image_rows as Rows,
    image_columns as Columns,
    strftime(study_at, '%Y%m%d') as StudyDate,
    hour(study_at) * 10000
    + minute(study_at) * 100
    + (millisecond(study_at) / 1000)::double as StudyTime,
    case view when 'AP' then 'CHEST (PORTABLE AP)' else 'CHEST (PA AND LAT)' end
        as PerformedProcedureStepDescription,
    case view when 'AP' then 'CHEST (PORTABLE AP)' else 'CHEST (PA AND LAT)' end
        as ProcedureCodeSequence_CodeMeaning,
    case view
        when 'AP' then 'antero-posterior'
        when 'PA' then 'postero-anterior'
        else 'lateral'
    end as ViewCodeSequence_CodeMeaning,
    'Erect' as PatientOrientationCodeSequence_CodeMeaning
from people.images
