using System.Globalization;
using System.Text;
using System.Xml.Linq;
using DhtTracer.Analysis.Export;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;

namespace DhtTracer.Analysis.Tests.Export;

public class SvgExportTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void Bars_stand_where_their_times_are_and_nothing_is_loaded_from_elsewhere()
    {
        var waterfall = Waterfall.Of(HarExportTests.Simulated(7));
        var picture = XDocument.Parse(Encoding.UTF8.GetString(SvgExport.ToUtf8(waterfall, 1000)));

        var bars = picture.Descendants(Svg + "rect").Where(r => Number(r, "height") is 12 or 4).ToList();
        var segments = waterfall.Rows.SelectMany(row => row.Segments).ToList();
        Assert.Equal(segments.Count, bars.Count);

        // The axis is the part of the width between the columns: the first bar at 0 and the longest end give its scale.
        var left = bars.Min(bar => Number(bar, "x"));
        var longest = segments.MaxBy(s => s.EndNs)!;
        var scale =
            (Number(bars[segments.IndexOf(longest)], "x") + Number(bars[segments.IndexOf(longest)], "width") - left) / longest.EndNs;
        for (var i = 0; i < bars.Count; i++)
        {
            Assert.Equal(left + (segments[i].StartNs * scale), Number(bars[i], "x"), 0.1);
        }

        Assert.DoesNotContain(picture.Descendants(), e => e.Name.LocalName is "script" or "image" or "style" or "foreignObject" or "a");
        Assert.DoesNotContain(
            picture.Descendants().Attributes(),
            a => a.Name.LocalName is "href" || a.Name.LocalName.StartsWith("on", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Hostile_text_stays_text()
    {
        var query = HarExportTests.Simulated(7);
        var hostile = "</text><script>alert(1)</script>\u0000\u001b\ud800";
        query = query with
        {
            Key = new QueryKey(hostile, "00", new string('0', 64)),
            Peers =
            [
                query.Peers[0] with
                {
                    Id = hostile,
                    State = PeerState.DialFailed,
                    Dial = new PeerDial(0, 10, false, new TraceError(ErrorClass.Other, hostile)),
                },
            ],
        };
        var picture = XDocument.Parse(Encoding.UTF8.GetString(SvgExport.ToUtf8(Waterfall.Of(query))));
        Assert.Empty(picture.Descendants(Svg + "script"));
        Assert.Contains(
            picture.Descendants(Svg + "text"),
            t => t.Value.Contains("<script>alert(1)</script>\ufffd\ufffd\ufffd", StringComparison.Ordinal)
        );
    }

    private static double Number(XElement element, string name) =>
        double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);
}
