using System.Globalization;
using System.Text;

namespace DhtTracer.Ingestion.Grpc;

/// <summary>
/// The text forms of gRPC's headers (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md): <c>grpc-message</c>, which is
/// percent-encoded UTF-8, and <c>grpc-timeout</c>, which is up to eight digits and a unit, such as <c>500m</c> for half a second.
/// </summary>
internal static class GrpcText
{
    /// <summary>Longest <c>grpc-message</c> sent, in characters before encoding: many peers refuse headers above 8 KiB in total.</summary>
    public const int MaxMessageLength = 1024;

    /// <summary>Encodes a status text for a header. Text above <see cref="MaxMessageLength"/> is cut.</summary>
    public static string EncodeMessage(string text)
    {
        if (text.Length > MaxMessageLength)
        {
            text = string.Concat(text.AsSpan(0, MaxMessageLength), "…");
        }

        var encoded = new StringBuilder(text.Length);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            if (octet is >= 0x20 and <= 0x7E && octet != (byte)'%')
            {
                encoded.Append((char)octet);
            }
            else
            {
                encoded.Append('%').Append(octet.ToString("X2", CultureInfo.InvariantCulture));
            }
        }

        return encoded.ToString();
    }

    /// <summary>Decodes a status text. As the specification asks, a broken escape is left as it stands and never an error.</summary>
    public static string DecodeMessage(string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal))
        {
            return text;
        }

        var octets = new List<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (
                text[i] == '%'
                && i + 2 < text.Length
                && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet)
            )
            {
                octets.Add(octet);
                i += 2;
            }
            else
            {
                octets.AddRange(Encoding.UTF8.GetBytes([text[i]]));
            }
        }

        return Encoding.UTF8.GetString([.. octets]);
    }

    /// <summary>Formats a timeout in the finest unit that fits eight digits, rounded up so that it is never shorter than asked.</summary>
    public static string FormatTimeout(TimeSpan timeout)
    {
        if (timeout <= TimeSpan.Zero)
        {
            return "0n";
        }

        ReadOnlySpan<(long Ticks, char Unit)> units =
        [
            (TimeSpan.TicksPerMicrosecond, 'u'),
            (TimeSpan.TicksPerMillisecond, 'm'),
            (TimeSpan.TicksPerSecond, 'S'),
            (TimeSpan.TicksPerMinute, 'M'),
            (TimeSpan.TicksPerHour, 'H'),
        ];
        foreach (var (ticks, unit) in units)
        {
            var count = (timeout.Ticks / ticks) + (timeout.Ticks % ticks == 0 ? 0 : 1);
            if (count <= 99_999_999)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{count}{unit}");
            }
        }

        return "99999999H";
    }

    /// <summary>Reads a timeout; false when it is not one to eight digits and a unit.</summary>
    public static bool TryParseTimeout(string text, out TimeSpan timeout)
    {
        timeout = default;
        if (
            text.Length is < 2 or > 9
            || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        )
        {
            return false;
        }

        long? ticks = text[^1] switch
        {
            'H' => SaturatingProduct(count, TimeSpan.TicksPerHour),
            'M' => SaturatingProduct(count, TimeSpan.TicksPerMinute),
            'S' => count * TimeSpan.TicksPerSecond,
            'm' => count * TimeSpan.TicksPerMillisecond,
            'u' => count * TimeSpan.TicksPerMicrosecond,
            'n' => (count + TimeSpan.NanosecondsPerTick - 1) / TimeSpan.NanosecondsPerTick,
            _ => null,
        };
        if (ticks is null)
        {
            return false;
        }

        timeout = new TimeSpan(ticks.Value);
        return true;
    }

    private static long SaturatingProduct(long count, long unit) => count > long.MaxValue / unit ? long.MaxValue : count * unit;
}
