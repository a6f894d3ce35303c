-- Words of headings that tell of the picture where no heading FINDINGS does.
-- Grain: word, kind.
-- Rule: such a heading has words of `part` alone, as LUNGS; or a `view` and else only
-- views and joints, as PA AND LATERAL VIEWS OF THE CHEST. AND may be in either.
-- Columns:
--   word: A word in capitals.
--   kind: `view` for how the picture was taken, `joint` for a word between views,
--     `part` for a part of the chest or a thing in it.
with

final (word, kind) as (
    values
    ('AP', 'view'), ('PA', 'view'), ('LAT', 'view'), ('LATERAL', 'view'),
    ('FRONTAL', 'view'), ('PORTABLE', 'view'), ('BEDSIDE', 'view'), ('UPRIGHT', 'view'),
    ('SUPINE', 'view'), ('ERECT', 'view'), ('SEMI', 'view'), ('SEMIUPRIGHT', 'view'),
    ('SEMIERECT', 'view'), ('DECUBITUS', 'view'), ('LORDOTIC', 'view'),
    ('OBLIQUE', 'view'), ('SITTING', 'view'), ('STANDING', 'view'), ('CHEST', 'view'),
    ('VIEW', 'view'), ('VIEWS', 'view'), ('RADIOGRAPH', 'view'),
    ('RADIOGRAPHS', 'view'), ('FILM', 'view'), ('FILMS', 'view'), ('IMAGE', 'view'),
    ('IMAGES', 'view'), ('X', 'view'), ('RAY', 'view'), ('XRAY', 'view'),
    ('CXR', 'view'),
    ('A', 'joint'), ('OF', 'joint'), ('THE', 'joint'), ('SINGLE', 'joint'),
    ('ONE', 'joint'), ('TWO', 'joint'), ('THREE', 'joint'), ('FOUR', 'joint'),
    ('LEFT', 'joint'), ('RIGHT', 'joint'), ('WITH', 'joint'),
    ('LUNG', 'part'), ('LUNGS', 'part'), ('PLEURA', 'part'), ('PLEURAL', 'part'),
    ('HEART', 'part'), ('CARDIAC', 'part'), ('MEDIASTINUM', 'part'),
    ('MEDIASTINAL', 'part'), ('CARDIOMEDIASTINUM', 'part'),
    ('CARDIOMEDIASTINAL', 'part'), ('HILA', 'part'), ('HILAR', 'part'),
    ('SILHOUETTE', 'part'), ('CONTOURS', 'part'), ('SPACES', 'part'), ('BONES', 'part'),
    ('OSSEOUS', 'part'), ('STRUCTURES', 'part'), ('SOFT', 'part'), ('TISSUES', 'part'),
    ('ABDOMEN', 'part'), ('UPPER', 'part'), ('LINES', 'part'), ('TUBES', 'part'),
    ('DEVICES', 'part'), ('SUPPORT', 'part'), ('AIRWAYS', 'part'),
    ('DIAPHRAGM', 'part'), ('CHEST', 'part'), ('WALL', 'part'), ('RIBS', 'part'),
    ('BONE', 'part'), ('WINDOW', 'part'), ('WINDOWS', 'part')
)

select * from final
