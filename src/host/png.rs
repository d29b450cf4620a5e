//! The guest's screen as a PNG file.

use std::path::Path;

use ringwalk_chipset::Image;

/// Writes a picture. The same picture gives the same bytes.
pub fn write(path: &Path, image: &Image) -> Result<(), String> {
    let in_file = |problem: String| format!("{}: cannot be written: {problem}", path.display());
    let bytes = encode(image).map_err(|error| in_file(error.to_string()))?;
    std::fs::write(path, bytes).map_err(|error| in_file(error.to_string()))
}

fn encode(image: &Image) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width, image.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&image.rgb)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_comes_back() {
        let image = Image { width: 2, height: 1, rgb: vec![1, 2, 3, 250, 251, 252] };
        let bytes = encode(&image).expect("encodes");
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().expect("a PNG");
        let mut rgb = [0; 6];
        reader.next_frame(&mut rgb).expect("a frame");
        assert_eq!(rgb[..], image.rgb);
        assert_eq!(reader.info().size(), (2, 1));
    }
}
