export { maxFileNameBytes, safeFileName } from './fileName.ts';
export { type FileResult, isFileResult, type SavedFile } from './fileResult.ts';
export { resultPrefix } from './keys.ts';
export { type NewFile, saveFile } from './saveFile.ts';
export { openUpload, readUpload, type Upload, type UploadFacts, type UploadStream } from './upload.ts';
